package rules

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"anteroom/internal/entitlement"
)

// CheckAnswers checks what a request answers to the questions of its policy, and returns
// the answers as they are kept. updates says that the request changes an assignment, which
// has the answers was; those to questions that are left out stay.
//
// contract: lifecycle f
func CheckAnswers(p *entitlement.Policy, t entitlement.RequestType, updates bool, was, given []entitlement.QuestionAnswer) ([]entitlement.QuestionAnswer, error) {
	if n := len(given); n > entitlement.MaxAnswers {
		return nil, badAnswer("answers", "There are %d answers; the most is %d.", n, entitlement.MaxAnswers)
	}
	if t.Removes() && len(given) > 0 {
		return nil, badAnswer("answers", "A removal asks no questions; leave answers out.")
	}
	kept := slices.Clone(given)
	for i := range kept {
		a, at := &kept[i], "answers["+strconv.Itoa(i)+"]"
		q := questionOf(p, a.QuestionID)
		if q == nil {
			return nil, badAnswer(at, "Question '%s' is none of policy '%s'. %s", a.QuestionID, p.DisplayName, questionsOf(p))
		}
		if err := checkAnswer(q, a, at); err != nil {
			return nil, err
		}
		a.Kind = q.Kind
		for _, other := range kept[:i] {
			switch {
			case other.QuestionID != a.QuestionID:
			case other.Value == a.Value:
				return nil, badAnswer(at, "Question '%s' is answered with '%s' twice.", q.Text, clip(a.Value))
			case q.Kind != entitlement.MultipleChoiceQuestion || !q.AllowsMultiple():
				return nil, badAnswer(at, "Question '%s' takes one answer (isMultipleSelectionAllowed is not true), and there are several.", q.Text)
			}
		}
		if updates && !byAdmin(t) && !q.Editable() && !slices.Equal(valuesOf(was, q.ID), valuesOf(kept, q.ID)) {
			return nil, badAnswer(at, "The answer to question '%s' cannot be changed later (isAnswerEditable is not true); leave it out.", q.Text)
		}
	}
	return kept, allRequired(p, t, updates, was, kept)
}

// allRequired returns nil when the questions that must be answered are: by who asks for
// new access, and by who assigns it.
func allRequired(p *entitlement.Policy, t entitlement.RequestType, updates bool, was, given []entitlement.QuestionAnswer) error {
	if t != entitlement.TypeUserAdd && t != entitlement.TypeOnBehalfAdd && t != entitlement.TypeAdminAdd {
		return nil
	}
	if updates {
		given = MergeAnswers(was, given)
	}
	for i := range p.Questions {
		q := &p.Questions[i]
		answered := slices.ContainsFunc(valuesOf(given, q.ID), func(v string) bool { return strings.TrimSpace(v) != "" })
		if q.Required() && !answered {
			return badAnswer("answers", "Question '%s' ('%s') of policy '%s' must be answered (isRequired).", q.ID, q.Text, p.DisplayName)
		}
	}
	return nil
}

// MergeAnswers returns the answers of an assignment after an update: those to a question
// that is answered anew replace all to it that there were, the others stay.
func MergeAnswers(was, given []entitlement.QuestionAnswer) []entitlement.QuestionAnswer {
	merged := slices.DeleteFunc(slices.Clone(was), func(a entitlement.QuestionAnswer) bool {
		return len(valuesOf(given, a.QuestionID)) > 0
	})
	return append(merged, given...)
}

// checkAnswer checks one answer to the question. What an approver reads as the answer is
// never the caller's to choose: it is what was chosen or typed.
func checkAnswer(q *entitlement.Question, a *entitlement.QuestionAnswer, at string) error {
	switch n := utf8.RuneCountInString(a.Value); {
	case n > entitlement.MaxAnswer:
		return badAnswer(at, "The answer to question '%s' has %d characters; the most is %d.", q.Text, n, entitlement.MaxAnswer)
	case strings.ContainsRune(a.Value, 0):
		return badAnswer(at, "The answer to question '%s' holds a NUL character.", q.Text)
	case q.Required() && strings.TrimSpace(a.Value) == "":
		return badAnswer(at, "The answer to question '%s' is blank, and it must be answered (isRequired).", q.Text)
	}
	switch q.Kind {
	case entitlement.TextInputQuestion:
		value := a.Value
		a.Display = &value
		return checkText(q, a.Value, at)
	case entitlement.MultipleChoiceQuestion:
		return checkChoice(q, a, at)
	}
	return badAnswer(at, "Question '%s' is of type '%s', which this server does not know.", q.Text, q.Kind)
}

func checkText(q *entitlement.Question, value, at string) error {
	if on(q.SingleLine) && strings.ContainsAny(value, "\n\v\f\r\u0085\u2028\u2029") {
		return badAnswer(at, "The answer to question '%s' must be a single line (isSingleLineQuestion).", q.Text)
	}
	pattern, err := q.Expression()
	if err != nil {
		return badAnswer(at, "Question '%s' cannot be answered: its regexPattern cannot be compiled. An administrator has to correct the policy.", q.Text)
	}
	if pattern == nil {
		return nil
	}
	if loc := pattern.FindStringIndex(value); loc == nil || loc[0] != 0 || loc[1] != len(value) {
		return badAnswer(at, "The answer to question '%s' does not match its regexPattern '%s' as a whole.", q.Text, q.Pattern)
	}
	return nil
}

func checkChoice(q *entitlement.Question, a *entitlement.QuestionAnswer, at string) error {
	i := slices.IndexFunc(q.Choices, func(c entitlement.Choice) bool { return c.Value == a.Value })
	if i < 0 {
		values := make([]string, len(q.Choices))
		for i := range q.Choices {
			values[i] = "'" + q.Choices[i].Value + "'"
		}
		return badAnswer(at, "'%s' is no choice of question '%s'. Its choices (actualValue) are %s.", clip(a.Value), q.Text, strings.Join(firstOf(values), ", "))
	}
	chosen := &q.Choices[i]
	local := func(l entitlement.LocalText) bool { return a.Display != nil && l.Text == *a.Display }
	if !slices.ContainsFunc(chosen.Localized, local) {
		text := chosen.Text
		a.Display = &text
	}
	return nil
}

func questionOf(p *entitlement.Policy, id entitlement.ID) *entitlement.Question {
	for i := range p.Questions {
		if p.Questions[i].ID == id {
			return &p.Questions[i]
		}
	}
	return nil
}

// questionsOf lists the questions of a policy for a message.
func questionsOf(p *entitlement.Policy) string {
	if len(p.Questions) == 0 {
		return "It has no questions; leave answers out."
	}
	ids := make([]string, len(p.Questions))
	for i := range p.Questions {
		ids[i] = "'" + string(p.Questions[i].ID) + "'"
	}
	return "It has " + strings.Join(firstOf(ids), ", ") + "."
}

// valuesOf are the values that answer a question, sorted.
func valuesOf(answers []entitlement.QuestionAnswer, question entitlement.ID) []string {
	var values []string
	for _, a := range answers {
		if a.QuestionID == question {
			values = append(values, a.Value)
		}
	}
	slices.Sort(values)
	return values
}

func badAnswer(at, format string, args ...any) error {
	return entitlement.Errorf(entitlement.CodeInvalidAnswer, at, format, args...)
}

// clip keeps a caller's text short in a message.
func clip(s string) string {
	const most = 64
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
