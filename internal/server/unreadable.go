package server

import (
	"bytes"
	"net"
	"strings"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/graph"
)

// unreadableConn is a connection on which net/http's own refusals of requests that it cannot
// read, which never reach a handler and are plain text, are replaced by errors in Graph's
// shape: clients lose the status of an error that they cannot read.
//
// It sees what is written to a plain connection. Below TLS everything is encrypted, so there
// the refusals stay as they are; a server behind a proxy does not see such requests.
type unreadableConn struct{ net.Conn }

// Write writes b, or what takes its place.
func (c *unreadableConn) Write(b []byte) (int, error) {
	refusal := refusalOfHTTP(b)
	if refusal == nil {
		return c.Conn.Write(b)
	}
	if _, err := c.Conn.Write(graph.RawError(refusal, time.Now())); err != nil {
		return 0, err
	}
	return len(b), nil
}

// plainText is how the headers of net/http's own refusals look; no handler of ours answers
// so, and no body of ours can begin with it.
const plainText = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// refusalOfHTTP returns what to say in the place of one of net/http's own refusals, or nil
// for anything else.
func refusalOfHTTP(b []byte) *entitlement.Error {
	rest, ok := bytes.CutPrefix(b, []byte("HTTP/1.1 "))
	if !ok || len(rest) < 3 || (rest[0] != '4' && rest[0] != '5') {
		return nil
	}
	if bytes.HasPrefix(rest, []byte("417 ")) {
		return entitlement.Errorf(entitlement.CodeBadRequest, "Expect", "The header Expect asks for something that this server does not do; leave it out.")
	}
	status, reason, ok := strings.Cut(string(rest[:min(len(rest), 1024)]), plainText)
	if !ok || strings.ContainsAny(status, "\r\n") {
		return nil
	}
	_, why, _ := strings.Cut(reason, ": ")
	switch {
	case strings.HasPrefix(status, "431"):
		return entitlement.Errorf(entitlement.CodeHeadersTooLarge, "", "The request line and the headers are too large together; the most is %d bytes.", maxHeader)
	case strings.HasPrefix(status, "501"):
		return entitlement.Errorf(entitlement.CodeBadRequest, "Transfer-Encoding", "The Transfer-Encoding is not supported; it can be chunked.")
	case why != "":
		return entitlement.Errorf(entitlement.CodeBadRequest, "", "The request could not be read as HTTP: %s.", strings.ToValidUTF8(why, "?"))
	}
	return entitlement.Errorf(entitlement.CodeBadRequest, "", "The request could not be read as HTTP: its request line or a header is malformed.")
}
