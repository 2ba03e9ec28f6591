package graph

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"anteroom/internal/entitlement"
)

// encoder writes one answer as JSON. It only appends: what is written is in the order
// in which it was asked for, and a missing close is a mistake of the caller.
type encoder struct {
	buf []byte
	// bare leaves out annotations other than next link and count (odata.metadata=none).
	bare bool
	// allEnums writes enum members behind the sentinel (Prefer: include-unknown-enum-members).
	allEnums bool
	// operator writes what only who manages the tenant is told.
	operator bool
}

var encoders = sync.Pool{New: func() any { return &encoder{buf: make([]byte, 0, 4096)} }}

func newEncoder() *encoder {
	e := encoders.Get().(*encoder)
	e.buf, e.bare, e.allEnums, e.operator = e.buf[:0], false, false, false
	return e
}

// release gives the encoder back; nothing of it may be used afterwards.
func (e *encoder) release() {
	const keep = 1 << 20
	if cap(e.buf) <= keep {
		encoders.Put(e)
	}
}

// Values of headers that never change.
var (
	mediaJSON   = []string{"application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"}
	mediaNone   = []string{"application/json;odata.metadata=none;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"}
	mediaText   = []string{"text/plain;charset=utf-8"}
	bearerOnly  = []string{"Bearer"}
	retrySoon   = []string{"1"}
	closeAfter  = []string{"close"}
	odata40     = []string{"4.0"}
	noSniff     = []string{"nosniff"}
	notForCache = []string{"private, no-store"}
)

// send answers with what was written.
func (e *encoder) send(w http.ResponseWriter, r *http.Request, status int, media []string) {
	h := w.Header()
	h["Content-Type"] = media
	h["Content-Length"] = []string{strconv.Itoa(len(e.buf))}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(e.buf) // the client may be gone; there is nobody else to tell
	}
}

// comma separates a member or an element from the one before it.
func (e *encoder) comma() {
	if n := len(e.buf); n > 0 {
		switch e.buf[n-1] {
		case '{', '[', ':':
		default:
			e.buf = append(e.buf, ',')
		}
	}
}

// key begins a member of an object. The name is one of ours and needs no escaping.
func (e *encoder) key(name string) *encoder {
	e.comma()
	e.buf = append(e.buf, '"')
	e.buf = append(e.buf, name...)
	e.buf = append(e.buf, '"', ':')
	return e
}

func (e *encoder) open() {
	e.comma()
	e.buf = append(e.buf, '{')
}
func (e *encoder) close() { e.buf = append(e.buf, '}') }

func (e *encoder) openList() {
	e.comma()
	e.buf = append(e.buf, '[')
}
func (e *encoder) closeList() { e.buf = append(e.buf, ']') }

func (e *encoder) null() {
	e.comma()
	e.buf = append(e.buf, "null"...)
}

func (e *encoder) text(s string) {
	e.comma()
	e.buf, _ = jsontext.AppendQuote(e.buf, s) // what is not UTF-8 is replaced
}

// textOrNull writes null for an empty text.
func (e *encoder) textOrNull(s string) {
	if s == "" {
		e.null()
		return
	}
	e.text(s)
}

func (e *encoder) optionalText(s *string) {
	if s == nil {
		e.null()
		return
	}
	e.text(*s)
}

func (e *encoder) boolean(b bool) {
	e.comma()
	e.buf = strconv.AppendBool(e.buf, b)
}

func (e *encoder) optionalBoolean(b *bool) {
	if b == nil {
		e.null()
		return
	}
	e.boolean(*b)
}

func (e *encoder) integer(n int64) {
	e.comma()
	e.buf = strconv.AppendInt(e.buf, n, 10)
}

func (e *encoder) optionalInteger(n *int) {
	if n == nil {
		e.null()
		return
	}
	e.integer(int64(*n))
}

// instant writes a time in UTC, with a fraction only where it is not zero, and null for
// the zero time.
func (e *encoder) instant(t time.Time) {
	if t.IsZero() {
		e.null()
		return
	}
	e.comma()
	e.buf = append(e.buf, '"')
	e.buf = t.UTC().AppendFormat(e.buf, "2006-01-02T15:04:05.999999Z")
	e.buf = append(e.buf, '"')
}

func (e *encoder) duration(d time.Duration) { e.text(entitlement.FormatDuration(d)) }

// requestType writes the type of a request. A member behind the sentinel of the enum is
// shown only to who asks for it.
//
// graph: evolvable enumerations
func (e *encoder) requestType(t entitlement.RequestType) {
	if t == entitlement.TypeApproverRemove && !e.allEnums {
		t = "unknownFutureValue"
	}
	e.text(string(t))
}

// odataType annotates an object with its type.
func (e *encoder) odataType(name string) {
	if !e.bare {
		e.key("@odata.type").text("#microsoft.graph." + name)
	}
}
