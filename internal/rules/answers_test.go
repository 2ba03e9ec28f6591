package rules

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

// questioned is a policy with one question of each sort.
func questioned() *entitlement.Policy {
	text := func(id entitlement.ID, change func(*entitlement.Question)) entitlement.Question {
		q := entitlement.Question{ID: id, Kind: entitlement.TextInputQuestion, Text: "question " + string(id), IsEditable: yes()}
		change(&q)
		return q
	}
	choices := []entitlement.Choice{
		{Value: "a", Text: "the first", Localized: []entitlement.LocalText{{Language: "fr", Text: "le premier"}}}, {Value: "b", Text: "the second"},
	}
	return &entitlement.Policy{Questions: []entitlement.Question{
		text("free", func(q *entitlement.Question) {}),
		text("must", func(q *entitlement.Question) { q.IsRequired = yes() }),
		text("line", func(q *entitlement.Question) { q.SingleLine = yes() }),
		text("code", func(q *entitlement.Question) { q.Pattern = "[A-Z]{2}|[0-9]+" }),
		text("out", func(q *entitlement.Question) { q.Pattern = "a)|(?:b" }), // out of the group that holds it
		text("bad", func(q *entitlement.Question) { q.Pattern = "(" }),
		text("fixed", func(q *entitlement.Question) { q.IsEditable = nil }),
		{ID: "one", Kind: entitlement.MultipleChoiceQuestion, Text: "one", Choices: choices, IsEditable: yes()},
		{ID: "many", Kind: entitlement.MultipleChoiceQuestion, Text: "many", Choices: choices, Multiple: yes()},
		{ID: "odd", Kind: "nonsense", Text: "odd"},
	}}
}

// answers makes answers of pairs of a question and a value.
func answers(pairs ...string) []entitlement.QuestionAnswer {
	var list []entitlement.QuestionAnswer
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, entitlement.QuestionAnswer{QuestionID: entitlement.ID(pairs[i]), Value: pairs[i+1]})
	}
	return list
}

func TestWhichAnswersAreTaken(t *testing.T) {
	for _, tt := range []struct {
		name  string
		given []entitlement.QuestionAnswer
		at    string // the target of the refusal, "" for none
	}{
		{"what must be answered", answers("must", "x"), ""},
		{"nothing", nil, "answers"},
		{"another question", answers("free", "x"), "answers"},
		{"blank", answers("must", " \t"), "answers[0]"},
		{"a question of nobody", answers("must", "x", "elsewhere", "x"), "answers[1]"},
		{"no question", answers("must", "x", "", "x"), "answers[1]"},
		{"empty, and need not be answered", answers("must", "x", "free", ""), ""},
		{"several lines", answers("must", "x\ny"), ""},
		{"one line", answers("must", "x", "line", "one line"), ""},
		{"one line of two", answers("must", "x", "line", "one\ntwo"), "answers[1]"},
		{"a carriage return", answers("must", "x", "line", "one\rtwo"), "answers[1]"},
		{"a line separator", answers("must", "x", "line", "one\u2028two"), "answers[1]"},
		{"the pattern", answers("must", "x", "code", "AB"), ""},
		{"the pattern's other half", answers("must", "x", "code", "123"), ""},
		{"more than the pattern", answers("must", "x", "code", "ABC"), "answers[1]"},
		{"the pattern in the middle", answers("must", "x", "code", "x1y"), "answers[1]"},
		{"the pattern and a line break", answers("must", "x", "code", "AB\n"), "answers[1]"},
		{"nothing for the pattern", answers("must", "x", "code", ""), "answers[1]"},
		{"out of the group", answers("must", "x", "out", "a and more"), "answers[1]"},
		{"a broken pattern", answers("must", "x", "bad", "("), "answers[1]"},
		{"a choice", answers("must", "x", "one", "b"), ""},
		{"a choice by its text", answers("must", "x", "one", "the second"), "answers[1]"},
		{"a choice in another case", answers("must", "x", "one", "B"), "answers[1]"},
		{"no choice", answers("must", "x", "one", ""), "answers[1]"},
		{"two of one", answers("one", "a", "must", "x", "one", "b"), "answers[2]"},
		{"two of many", answers("many", "a", "must", "x", "many", "b"), ""},
		{"the same twice", answers("many", "a", "must", "x", "many", "a"), "answers[2]"},
		{"a text twice", answers("must", "x", "must", "y"), "answers[1]"},
		{"a NUL", answers("must", "x\x00"), "answers[0]"},
		{"as long as may be", answers("must", strings.Repeat("ä", entitlement.MaxAnswer)), ""},
		{"too long", answers("must", strings.Repeat("x", entitlement.MaxAnswer+1)), "answers[0]"},
		{"a type that is not known", answers("must", "x", "odd", "x"), "answers[1]"},
		{"too many", make([]entitlement.QuestionAnswer, entitlement.MaxAnswers+1), "answers"},
	} {
		for _, typ := range []entitlement.RequestType{entitlement.TypeUserAdd, entitlement.TypeOnBehalfAdd, entitlement.TypeAdminAdd} {
			_, err := CheckAnswers(questioned(), typ, false, nil, tt.given)
			checkAnswerRefusal(t, tt.name+", "+string(typ), err, tt.at)
		}
	}
}

func checkAnswerRefusal(t *testing.T, name string, err error, at string) {
	t.Helper()
	if err == nil {
		if at != "" {
			t.Errorf("%s: taken, want a refusal of %s", name, at)
		}
		return
	}
	if got := codeOf(t, err); got != entitlement.CodeInvalidAnswer {
		t.Errorf("%s: %v", name, err)
	}
	var refusal *entitlement.Error
	if errors.As(err, &refusal); refusal.Target != at {
		t.Errorf("%s: %v, which points at %q, want %q", name, err, refusal.Target, at)
	}
}

func TestAnUpdateChangesOnlyWhatMayBeChanged(t *testing.T) {
	const renewal = entitlement.TypeUserAdd
	was := answers("must", "x", "fixed", "first", "many", "a", "many", "b")
	for _, tt := range []struct {
		name  string
		typ   entitlement.RequestType
		given []entitlement.QuestionAnswer
		at    string
	}{
		{"nothing", update, nil, ""},
		{"what may be changed", update, answers("must", "y", "free", "new"), ""},
		{"what may not", update, answers("free", "new", "fixed", "second"), "answers[1]"},
		{"what may not, as it is", update, answers("fixed", "first", "many", "b", "many", "a"), ""},
		{"what may not, in part", update, answers("many", "b"), "answers[0]"},
		{"blank", update, answers("must", ""), "answers[0]"},
		{"what may not, by an administrator", adminUpdate, answers("fixed", "second"), ""},
		{"nonsense by an administrator", adminUpdate, answers("one", "c"), "answers[0]"},
		{"a renewal that keeps them", renewal, nil, ""},
		{"a renewal that changes what may not be", renewal, answers("fixed", "second"), "answers[0]"},
	} {
		_, err := CheckAnswers(questioned(), tt.typ, true, was, tt.given)
		checkAnswerRefusal(t, tt.name, err, tt.at)
	}
	if _, err := CheckAnswers(questioned(), renewal, true, nil, nil); codeOf(t, err) != entitlement.CodeInvalidAnswer {
		t.Errorf("a renewal without what must be answered: %v", err)
	}
	for _, typ := range entitlement.RequestTypes {
		if _, err := CheckAnswers(questioned(), typ, false, nil, answers("must", "x")); typ.Removes() != (err != nil) {
			t.Errorf("answers to a %s: %v", typ, err)
		}
	}
}

// TestWhatAnApproverReadsIsWhatWasAnswered: the caller does not choose what is displayed.
func TestWhatAnApproverReadsIsWhatWasAnswered(t *testing.T) {
	given := answers("must", "harmless", "one", "b", "many", "a", "many", "b")
	lie, french := "something else", "le premier"
	given[0].Display, given[1].Display, given[2].Display = &lie, &lie, &french
	kept, err := CheckAnswers(questioned(), entitlement.TypeUserAdd, false, nil, given)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range kept {
		got = append(got, *a.Display)
	}
	if diff := cmp.Diff([]string{"harmless", "the second", "le premier", "the second"}, got); diff != "" {
		t.Errorf("it reads (-want +got):\n%s", diff)
	}
	if given[0].Display != &lie || given[3].Display != nil {
		t.Error("the order was changed")
	}
}

func TestAnswersThatAreLeftOutStay(t *testing.T) {
	was := answers("a", "1", "b", "1", "b", "2", "c", "1")
	got := MergeAnswers(was, answers("b", "3", "d", "1"))
	if diff := cmp.Diff(answers("a", "1", "c", "1", "b", "3", "d", "1"), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(answers("a", "1", "b", "1", "b", "2", "c", "1"), was); diff != "" {
		t.Errorf("what there was is changed (-want +got):\n%s", diff)
	}
}
