package notice

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"anteroom/internal/entitlement"
)

// Bounds of what others wrote, in characters.
const (
	maxName        = 120
	maxDetail      = 4000
	maxDetailLines = 100
)

// wording is what a mail of one kind says. In its texts {package}, {requestor} and {for}
// stand for what the notice names; {for} is " for" and the target, where that is another
// than the requestor.
type wording struct {
	subject string
	lead    string
	due     string // what Due is; empty where there is none
	detail  string // what Detail is
}

// wordings has every kind of notice.
//
// contract: lifecycle g (the mails of the original service)
var wordings = map[entitlement.NoticeKind]wording{
	entitlement.NoticeApprovalRequested: {
		"Please decide on a request for {package}",
		"{requestor} asks for access to {package}{for}. You are asked to approve or deny the request.",
		"Decide by", "Justification",
	},
	entitlement.NoticeApprovalReminder: {
		"Reminder: please decide on a request for {package}",
		"{requestor} asked for access to {package}{for}, and nobody has decided yet. You are asked to approve or deny the request.",
		"Decide by", "Justification",
	},
	entitlement.NoticeApprovalForwarded: {
		"Forwarded to you: please decide on a request for {package}",
		"{requestor} asked for access to {package}{for}. Those who were asked first have not decided, so you are asked to approve or deny the request.",
		"Decide by", "Justification",
	},
	entitlement.NoticeApprovalExpired: {
		"A request for {package} has expired",
		"Nobody decided in time on the request of {requestor} for access to {package}{for}. There is nothing left to decide.",
		"", "Reason",
	},
	entitlement.NoticeRequestApproved: {
		"A request for {package} was approved",
		"The request of {requestor} for access to {package}{for} was approved by one of those who were asked. There is nothing left for you to decide.",
		"", "Justification",
	},
	entitlement.NoticeRequestDenied: {
		"Your request for {package} was denied",
		"Your request for access to {package}{for} was denied.",
		"", "Reason",
	},
	entitlement.NoticeRequestExpired: {
		"Your request for {package} has expired",
		"Nobody decided in time on your request for access to {package}{for}, so it has expired.",
		"", "Reason",
	},
	entitlement.NoticeAccessGranted: {
		"You have access to {package}",
		"You now have access to {package}.",
		"It ends", "Reason",
	},
	entitlement.NoticeAccessExpiring: {
		"Your access to {package} ends soon",
		"Your access to {package} is about to end.",
		"It ends", "Reason",
	},
	entitlement.NoticeAccessEnded: {
		"Your access to {package} has ended",
		"Your access to {package} has ended.",
		"", "Reason",
	},
}

// other is the wording of a kind that has none.
var other = wording{"News about {package}", "There is news about the access package {package}.", "Until", "Reason"}

// text returns the subject and the body of the mail that tells a reader of a notice. The
// subject is one line; the body's lines end in "\n".
func text(n *entitlement.Notice, to entitlement.Subject) (subject, body string) {
	w, ok := wordings[n.Kind]
	if !ok {
		w = other
	}
	var about string
	if n.Target.ObjectID != "" && n.Target.ObjectID != n.Requestor.ObjectID {
		about = " for " + name(n.Target)
	}
	fill := strings.NewReplacer("{package}", `"`+oneLine(packageName(n), maxName)+`"`, "{requestor}", name(n.Requestor), "{for}", about)
	var b strings.Builder
	b.WriteString("Hello")
	if greeted := oneLine(to.DisplayName, maxName); greeted != "" {
		b.WriteString(" " + greeted)
	}
	b.WriteString(",\n\n" + fill.Replace(w.lead) + "\n")
	if w.due != "" && !n.Due.IsZero() {
		b.WriteString("\n" + w.due + ": " + n.Due.UTC().Format("2 January 2006, 15:04 UTC") + "\n")
	}
	if quoted := quote(n.Detail); quoted != "" {
		b.WriteString("\n" + w.detail + ":\n" + quoted)
	}
	b.WriteString("\n")
	for _, of := range []struct {
		what string
		id   entitlement.ID
	}{{"Request", n.RequestID}, {"Assignment", n.AssignmentID}} {
		if of.id != "" {
			b.WriteString(of.what + ": " + oneLine(string(of.id), maxName) + "\n")
		}
	}
	b.WriteString("\nThis message was sent automatically by Anteroom.\n")
	return fill.Replace(w.subject), b.String()
}

func packageName(n *entitlement.Notice) string {
	if n.PackageName != "" {
		return n.PackageName
	}
	return string(n.PackageID)
}

// name is what a person is called in a sentence.
func name(s entitlement.Subject) string {
	for _, one := range []string{s.DisplayName, s.PrincipalName, string(s.ObjectID)} {
		if one = oneLine(one, maxName); one != "" {
			return one
		}
	}
	return "the server"
}

// oneLine makes text that others wrote fit to stand in a line of ours: no line breaks and
// control characters, nothing that turns the direction of writing, nothing that a reader of
// headers takes for an encoded word (RFC 2047 §2), and at most so many characters.
func oneLine(s string, most int) string {
	s = strings.Join(strings.Fields(strings.Map(visible, strings.ToValidUTF8(s, "\uFFFD"))), " ")
	return clip(strings.ReplaceAll(s, "=?", "= ?"), most)
}

// visible maps a character to a space, or away, if it could make what is written look like
// something else.
func visible(r rune) rune {
	switch {
	case unicode.Is(unicode.Bidi_Control, r), r == '\uFEFF':
		return -1
	case unicode.IsControl(r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
		return ' '
	}
	return r
}

func clip(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:most-1])) + "…"
}

// quote marks each line of what somebody wrote, so that none of it reads like a line of
// ours.
func quote(s string) string {
	s = clip(strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)), maxDetail)
	if s == "" {
		return ""
	}
	var b strings.Builder
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if i == maxDetailLines {
			b.WriteString("> …\n")
			break
		}
		b.WriteString(strings.TrimRight("> "+oneLine(line, maxDetail), " ") + "\n")
	}
	return b.String()
}
