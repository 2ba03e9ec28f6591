package graph

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"anteroom/internal/entitlement"
)

// DefaultMaxBody is the most bytes of a body, after it was inflated.
const DefaultMaxBody = 1 << 20

var (
	bodies    = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	inflaters = sync.Pool{New: func() any { return new(gzip.Reader) }}
)

// readBody reads the JSON value of a request's body; it returns false where there is no
// body at all.
func (c *call) readBody() (value, bool, error) {
	r := c.r
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return value{}, false, nil
	}
	most := c.server.maxBody
	if r.ContentLength > most {
		return value{}, false, tooLarge(most)
	}
	buf := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(buf)
	buf.Reset()
	if err := inflate(buf, r, most); err != nil {
		return value{}, false, err
	}
	if buf.Len() == 0 {
		return value{}, false, nil
	}
	if err := checkMedia(r.Header.Get("Content-Type")); err != nil {
		return value{}, false, err
	}
	v, err := parse(buf.Bytes())
	return v, true, err
}

// inflate reads the whole body, undoing its content coding.
func inflate(buf *bytes.Buffer, r *http.Request, most int64) error {
	raw := &io.LimitedReader{R: r.Body, N: most + 1}
	var from io.Reader = raw
	switch coding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ","))); coding {
	case "", "identity":
	case "gzip", "x-gzip":
		z := inflaters.Get().(*gzip.Reader)
		defer inflaters.Put(z)
		switch err := z.Reset(raw); {
		case errors.Is(err, io.EOF):
			return nil // no body
		case err != nil:
			return bodyError(err, most)
		}
		from = &io.LimitedReader{R: z, N: most + 1}
	default:
		return entitlement.Errorf(entitlement.CodeUnsupportedMediaType, "Content-Encoding",
			"The content coding '%s' is not supported; send the body as it is or with gzip.", clip(coding, 64))
	}
	if _, err := buf.ReadFrom(from); err != nil {
		return bodyError(err, most)
	}
	if int64(buf.Len()) > most || raw.N <= 0 {
		return tooLarge(most)
	}
	return nil
}

func tooLarge(most int64) error {
	return entitlement.Errorf(entitlement.CodeTooLarge, "", "The body is larger than %d bytes, which is the most, after any compression is undone.", most)
}

// bodyError says why a body could not be read.
func bodyError(err error, most int64) error {
	var large *http.MaxBytesError
	var timeout net.Error
	switch {
	case errors.As(err, &large):
		return tooLarge(most)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return entitlement.Errorf(entitlement.CodeRequestTimeout, "", "The body did not arrive in time.")
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return entitlement.Errorf(entitlement.CodeBadRequest, "Content-Encoding", "The body is not valid gzip.")
	}
	return entitlement.Errorf(entitlement.CodeBadRequest, "", "The body could not be read to its end.")
}

// checkMedia refuses a body that does not say that it is JSON.
func checkMedia(contentType string) error {
	if contentType == "application/json" {
		return nil
	}
	media, _, err := mime.ParseMediaType(contentType)
	switch {
	case contentType == "":
		return entitlement.Errorf(entitlement.CodeUnsupportedMediaType, "Content-Type", "A body needs the header Content-Type: application/json.")
	case err != nil && media == "", media != "application/json":
		return entitlement.Errorf(entitlement.CodeUnsupportedMediaType, "Content-Type", "Content-Type '%s' is not supported; it must be application/json.", clip(contentType, 128))
	}
	return nil
}

// object reads a body that must be there and must be a JSON object.
func (c *call) object() (node, error) {
	v, there, err := c.readBody()
	if err != nil {
		return node{}, err
	}
	if !there {
		return node{}, entitlement.Invalid("", "The request needs a body: a JSON object, with the header Content-Type: application/json.")
	}
	n := node{value: &v}
	if n.kind != isObject {
		return node{}, n.wrongKind("an object")
	}
	return n, nil
}

// noParameters reads the body of an action without parameters: none, or an empty object.
func (c *call) noParameters(action string) error {
	v, there, err := c.readBody()
	if err != nil || !there || v.kind == isNull {
		return err
	}
	return node{value: &v}.fields(action, func(string, node) (bool, error) { return false, nil })
}
