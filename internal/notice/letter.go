package notice

import (
	"net/mail"
	"strings"
	"sync"

	gomail "github.com/wneessen/go-mail"

	"anteroom/internal/entitlement"
)

// maxAddress is the length of the longest mail address, in bytes (RFC 5321 §4.5.3.1.3).
const maxAddress = 254

// letter is the mail that tells one reader of a notice.
type letter struct {
	id      entitlement.ID // of the notice and the address together
	reader  entitlement.ID // object id, for the log
	to      mail.Address   // checked
	subject string         // one line
	body    string         // lines end in "\n"
	notice  *entitlement.Notice
}

// newLetter writes to one reader. It reports false for an address that cannot be one: it
// could be written into a header or a command only in another form than it has.
func newLetter(n *entitlement.Notice, to entitlement.Subject) (letter, bool) {
	a, err := mail.ParseAddress(to.Email)
	if err != nil || a.Name != "" || a.Address != to.Email || len(to.Email) > maxAddress || oneLine(to.Email, maxAddress) != to.Email {
		return letter{}, false
	}
	// net/mail leaves a backslash in an encoded word, where RFC 2047 §5 allows none.
	named := strings.ReplaceAll(oneLine(to.DisplayName, maxName), `\`, "/")
	l := letter{
		id:     entitlement.DeriveID("mail", string(n.ID), strings.ToLower(to.Email)),
		reader: to.ObjectID, to: mail.Address{Name: named, Address: to.Email}, notice: n,
	}
	l.subject, l.body = text(n, to)
	return l, true
}

// ascii reports whether the address can be used with every mail server.
func (l *letter) ascii() bool {
	return !strings.ContainsFunc(l.to.Address, func(r rune) bool { return r > '~' })
}

// message returns the mail. Date and Message-ID are the same in every attempt, and no
// vacation message answers it.
//
// RFC 5322 §3.6, RFC 3834 §5
func (l *letter) message(from mail.Address) *gomail.Msg {
	domain := from.Address[strings.LastIndexByte(from.Address, '@')+1:]
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(&from)
	m.ToMailAddress(&l.to)
	m.Subject(l.subject)
	m.SetMessageIDWithValue(string(l.id) + "@" + domain)
	m.SetDateWithValue(l.notice.At.UTC())
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("X-Auto-Response-Suppress", "All") // the same to Exchange
	m.SetGenHeader("Anteroom-Notice-Id", string(l.notice.ID))
	m.SetBodyString(gomail.TypeTextPlain, l.body)
	return m
}

// memory knows the letters that need not be sent again. A notice of which some letters
// were taken and some not is offered again as a whole; those who have it are then spared,
// unless the server was restarted in between. It is safe for concurrent use.
type memory struct {
	mu    sync.Mutex
	known map[entitlement.ID]bool
	ring  []entitlement.ID // in the order of coming; the next one takes the oldest's place
	next  int
}

// newMemory knows the last so many letters.
func newMemory(most int) *memory {
	return &memory{known: map[entitlement.ID]bool{}, ring: make([]entitlement.ID, most)}
}

func (m *memory) has(id entitlement.ID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known[id]
}

func (m *memory) add(id entitlement.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known[id] {
		return
	}
	delete(m.known, m.ring[m.next])
	m.ring[m.next], m.known[id] = id, true
	m.next = (m.next + 1) % len(m.ring)
}
