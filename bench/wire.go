package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"time"
)

// callWithin bounds one call.
const callWithin = 60 * time.Second

// caller makes HTTP calls over one connection that stays open, and does no more than that
// needs: what the driver saves, the server gets. It is used by one goroutine at a time.
type caller struct {
	addr    string
	headers string // of each call, with their ends of line
	conn    net.Conn
	r       *bufio.Reader
	out     []byte
	in      bytes.Buffer
}

func newCaller(addr, token string) *caller {
	return &caller{addr: addr, headers: headersFor(addr, token)}
}

// headersFor are the headers of calls with a token, or of calls without.
func headersFor(addr, token string) string {
	h := "Host: " + addr + "\r\nContent-Type: application/json\r\n"
	if token != "" {
		h += "Authorization: Bearer " + token + "\r\n"
	}
	return h
}

func (c *caller) close() {
	if c.conn != nil {
		_ = c.conn.Close() // nothing is under way
		c.conn = nil
	}
}

// post and get make a call; the path is given in parts. The answer is valid until the
// next call.
func (c *caller) post(headers string, body []byte, path ...string) (status int, answer []byte, err error) {
	c.begin("POST ", path)
	c.out = append(c.out, headers...)
	c.out = append(c.out, "Content-Length: "...)
	c.out = strconv.AppendInt(c.out, int64(len(body)), 10)
	c.out = append(c.out, "\r\n\r\n"...)
	c.out = append(c.out, body...)
	return c.exchange()
}

func (c *caller) get(headers string, path ...string) (status int, answer []byte, err error) {
	c.begin("GET ", path)
	c.out = append(c.out, headers...)
	c.out = append(c.out, "\r\n"...)
	return c.exchange()
}

func (c *caller) begin(method string, path []string) {
	c.out = append(c.out[:0], method...)
	for _, p := range path {
		c.out = append(c.out, p...)
	}
	c.out = append(c.out, " HTTP/1.1\r\n"...)
}

// exchange sends what was built and reads the answer.
func (c *caller) exchange() (int, []byte, error) {
	if c.conn == nil {
		conn, err := net.DialTimeout("tcp", c.addr, callWithin)
		if err != nil {
			return 0, nil, err
		}
		c.conn = conn
		if c.r == nil {
			c.r = bufio.NewReaderSize(conn, 16<<10)
		}
		c.r.Reset(conn)
	}
	status, again, err := c.roundTrip()
	if err != nil || !again {
		c.close()
	}
	return status, c.in.Bytes(), err
}

func (c *caller) roundTrip() (status int, again bool, err error) {
	if err := c.conn.SetDeadline(time.Now().Add(callWithin)); err != nil {
		return 0, false, err
	}
	if _, err := c.conn.Write(c.out); err != nil {
		return 0, false, err
	}
	c.in.Reset()
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, false, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, false, fmt.Errorf("the answer begins with %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, false, err
	}
	length, chunked, again, err := c.readHeader()
	switch {
	case err != nil:
	case chunked:
		_, err = c.in.ReadFrom(httputil.NewChunkedReader(c.r))
		if err == nil {
			_, err = c.r.ReadSlice('\n') // behind the last chunk
		}
	case length > 0:
		_, err = io.CopyN(&c.in, c.r, length)
	}
	return status, again, err
}

var errNoLength = errors.New("a header of the answer cannot be read")

// readHeader reads the header of an answer for what it says about the body.
func (c *caller) readHeader() (length int64, chunked, again bool, err error) {
	for again = true; ; {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return 0, false, false, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return length, chunked, again, nil
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			return 0, false, false, errNoLength
		}
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.ParseInt(string(value), 10, 64); err != nil {
				return 0, false, false, errNoLength
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		case bytes.EqualFold(name, []byte("Connection")):
			again = !bytes.EqualFold(value, []byte("close"))
		}
	}
}

// textAfter returns what stands between a mark and the next quotation mark: enough to
// find an id in JSON whose shape is known.
func textAfter(body []byte, mark string) string {
	_, rest, ok := bytes.Cut(body, []byte(mark))
	if !ok {
		return ""
	}
	value, _, ok := bytes.Cut(rest, []byte(`"`))
	if !ok {
		return ""
	}
	return string(value)
}
