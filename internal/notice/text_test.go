package notice

import (
	"bytes"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

// TestWordings: every kind has words of its own, and they are these.
func TestWordings(t *testing.T) {
	want := map[entitlement.NoticeKind][2]string{
		"approvalRequested": {`Please decide on a request for "Sales"`, `Cy asks for access to "Sales" for Bo. You are asked to approve or deny the request.`},
		"approvalReminder":  {`Reminder: please decide on a request for "Sales"`, `Cy asked for access to "Sales" for Bo, and nobody has decided yet. You are asked to approve or deny the request.`},
		"approvalForwarded": {`Forwarded to you: please decide on a request for "Sales"`, `Cy asked for access to "Sales" for Bo. Those who were asked first have not decided, so you are asked to approve or deny the request.`},
		"approvalExpired":   {`A request for "Sales" has expired`, `Nobody decided in time on the request of Cy for access to "Sales" for Bo. There is nothing left to decide.`},
		"requestApproved":   {`A request for "Sales" was approved`, `The request of Cy for access to "Sales" for Bo was approved by one of those who were asked. There is nothing left for you to decide.`},
		"requestDenied":     {`Your request for "Sales" was denied`, `Your request for access to "Sales" for Bo was denied.`},
		"requestExpired":    {`Your request for "Sales" has expired`, `Nobody decided in time on your request for access to "Sales" for Bo, so it has expired.`},
		"accessGranted":     {`You have access to "Sales"`, `You now have access to "Sales".`},
		"accessExpiring":    {`Your access to "Sales" ends soon`, `Your access to "Sales" is about to end.`},
		"accessEnded":       {`Your access to "Sales" has ended`, `Your access to "Sales" has ended.`},
	}
	if len(want) != len(entitlement.NoticeKinds) || len(wordings) != len(want) {
		t.Errorf("%d kinds, %d wordings, %d wanted here", len(entitlement.NoticeKinds), len(wordings), len(want))
	}
	n := notice()
	n.Target = subject("b0", "Bo", "bo@example.org")
	for _, kind := range append(slices.Clone(entitlement.NoticeKinds), "unheardOf") {
		n.Kind = kind
		subject, body := text(&n, ada)
		w := want[kind]
		if kind == "unheardOf" {
			w = [2]string{`News about "Sales"`, `There is news about the access package "Sales".`}
		}
		if lead := strings.Split(body, "\n")[2]; subject != w[0] || lead != w[1] {
			t.Errorf("%s:\ngot  %s: %s\nwant %s: %s", kind, subject, lead, w[0], w[1])
		}
	}
}

// TestSparseText: what a notice does not have is not spoken of.
func TestSparseText(t *testing.T) {
	n := entitlement.Notice{Kind: entitlement.NoticeAccessExpiring, PackageID: "p", AssignmentID: "a", Due: at.In(time.FixedZone("", -3600))}
	_, body := text(&n, entitlement.Subject{})
	want := "Hello,\n\nYour access to \"p\" is about to end.\n\nIt ends: 1 March 2026, 10:00 UTC\n\nAssignment: a\n\nThis message was sent automatically by Anteroom.\n"
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	n = entitlement.Notice{Kind: entitlement.NoticeApprovalExpired, PackageID: "p", Due: at}
	if _, body = text(&n, ada); !strings.Contains(body, "the request of the server for access") || strings.Contains(body, "2026") {
		t.Errorf("body:\n%s", body)
	}
}

func TestOneLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "",
		"Ada Lovelace":              "Ada Lovelace",
		" a \t b ":                  "a b",
		"a\r\nBcc: b@example.org":   "a Bcc: b@example.org",
		"a\x00\x1b[31mb\x7f\u0085c": "a [31mb c",
		"a\u2028b\u2029c":           "a b c",
		"a\u202Egpj.exe\u2066":      "agpj.exe",
		"\xff\xfea":                 "\uFFFDa",
		"=?utf-8?q?=0ABcc:_x?=":     "= ?utf-8?q?=0ABcc:_x?=",
		strings.Repeat("ä", 11):     "äääääääää…",
		"{package}":                 "{package}",
	} {
		most := 100
		if strings.HasPrefix(in, "ä") {
			most = 10
		}
		if got := oneLine(in, most); got != want {
			t.Errorf("oneLine(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"":                            "",
		" \r\n ":                      "",
		"a":                           "> a\n",
		"a\r\n\rb\n":                  "> a\n>\n> b\n",
		"a\u2028Decide by: never\x0b": "> a Decide by: never\n",
	} {
		if got := quote(in); got != want {
			t.Errorf("quote(%q) = %q, want %q", in, got, want)
		}
	}
	if got := quote(strings.Repeat("a\n", 1000)); strings.Count(got, "\n") != maxDetailLines+1 || !strings.HasSuffix(got, "> a\n> …\n") {
		t.Errorf("%d lines", strings.Count(got, "\n"))
	}
	if got := quote(strings.Repeat("a", 10_000)); utf8.RuneCountInString(got) > maxDetail+3 {
		t.Errorf("%d characters", utf8.RuneCountInString(got))
	}
}

// FuzzHostileText: whatever names and reasons are, the mail has our headers and no others,
// and its body has our lines in our order.
func FuzzHostileText(f *testing.F) {
	f.Add("Ada", "Sales", "because")
	f.Add("a\r\nBcc: evil@example.org\r\n\r\nHello", "b\nSubject: x\n\n<html>", "c\r\n.\r\nMAIL FROM:<x>\r\n\nDecide by: never")
	f.Add("=?utf-8?q?=0D=0ABcc:_x?=", "\"><\\\x00\x85\u2028", "\u202E\xff")
	f.Add("CONTOSO\\ädä", "a\\b", "\\")
	f.Add(strings.Repeat("a", 5000), strings.Repeat("ä ", 5000), strings.Repeat("\n", 5000))
	f.Fuzz(func(t *testing.T, person, pack, detail string) {
		n := notice()
		n.PackageName, n.Detail, n.Requestor.DisplayName, n.Target.DisplayName = pack, detail, person, person
		l, ok := newLetter(&n, subject("01", person, "bo@example.org"))
		if !ok {
			t.Fatal("no letter")
		}
		var raw bytes.Buffer
		if _, err := l.message(mail.Address{Address: "access@example.org"}).WriteTo(&raw); err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(&raw)
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Header) != 11 || len(m.Header["Subject"]) != 1 || len(m.Header["To"]) != 1 {
			t.Errorf("header %q", m.Header)
		}
		to, err := m.Header.AddressList("To")
		if err != nil || len(to) != 1 || to[0].Address != "bo@example.org" {
			t.Errorf("To %q: %v, %v", m.Header["To"], to, err)
		}
		title, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if err != nil || strings.ContainsAny(title, "\r\n\x00") || !strings.HasPrefix(title, `Please decide on a request for "`) {
			t.Errorf("Subject %q: %v", title, err)
		}
		checkBody(t, m.Body)
	})
}

func checkBody(t *testing.T, r io.Reader) {
	t.Helper()
	body, err := io.ReadAll(quotedprintable.NewReader(r))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(body), "\r\n"), "\r\n")
	if !strings.HasPrefix(lines[0], "Hello") || lines[1] != "" || !strings.HasSuffix(lines[2], ". You are asked to approve or deny the request.") {
		t.Errorf("body:\n%s", body)
	}
	var ours []string
	for _, line := range lines[3:] { // whoever is named begins the line before
		if word, _, _ := strings.Cut(line, " "); word != ">" && line != "" {
			ours = append(ours, word)
		}
	}
	got := strings.Join(ours, " ")
	if got != "Decide Justification: Request: This" && got != "Decide Request: This" || strings.ContainsAny(string(body), "\x00\u2028\u202e") {
		t.Errorf("body:\n%s", body)
	}
}
