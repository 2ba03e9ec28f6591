package graph

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/entitlement"
)

// questions are the two kinds, as the documented example sends them: flags and numbers as
// text.
func questions() []obj {
	local := func(code, text string) obj {
		return obj{"@odata.type": "microsoft.graph.accessPackageLocalizedText", "languageCode": code, "text": text}
	}
	return []obj{
		{"@odata.type": "#microsoft.graph.accessPackageTextInputQuestion", "sequence": "1", "isRequired": "true", "isAnswerEditable": false, "isSingleLineQuestion": "false",
			"text": "Why?", "regexPattern": "[a-z ]+", "localizations": []obj{local("fr-CA", "Pourquoi, là?"), local("fr", "Pourquoi?"), local("de", "Warum?")}},
		{"@odata.type": "microsoft.graph.accessPackageMultipleChoiceQuestion", "sequence": 2, "text": "Where?", "isMultipleSelectionAllowed": true, "choices": []obj{
			{"@odata.type": "microsoft.graph.accessPackageAnswerChoice", "actualValue": "AZ", "text": "Arizona", "localizations": []obj{local("es", "Arizona (EE. UU.)")}},
			{"actualValue": "CH", "text": "Switzerland", "localizations": []obj{local("fr", "Suisse"), local("de-CH", "Schwiiz")}},
		}},
	}
}

func TestQuestionsWritten(t *testing.T) {
	w := newPolicyWorld(t)
	path := "assignmentPolicies/" + w.make("assignmentPolicies", w.body(obj{"questions": questions()}))
	a := w.do("app", "GET", path+"?$expand=questions", nil).want(200)
	if _, there := a.get("questions", 1).(obj)["regexPattern"]; there {
		t.Errorf("a multiple choice question has a pattern: %s", a.raw)
	}
	delete(a.get("questions", 0).(obj), "id")
	want := obj{"@odata.type": "#microsoft.graph.accessPackageTextInputQuestion", "sequence": 1.0, "text": "Why?", "isRequired": true, "isAnswerEditable": false,
		"isSingleLineQuestion": false, "regexPattern": "[a-z ]+", "localizations": []any{
			obj{"languageCode": "fr-CA", "text": "Pourquoi, là?"}, obj{"languageCode": "fr", "text": "Pourquoi?"}, obj{"languageCode": "de", "text": "Warum?"}}}
	if diff := cmp.Diff(want, a.get("questions", 0)); diff != "" {
		t.Error(diff)
	}
	one := w.do("app", "GET", path+"?$select=id&$expand=questions($select=text,choices)", nil).want(200)
	if !strings.HasSuffix(one.text("@odata.context"), "#identityGovernance/entitlementManagement/assignmentPolicies(id,questions(text,choices))/$entity") {
		t.Errorf("context %s", one.text("@odata.context"))
	}
	if diff := cmp.Diff(obj{"@odata.type": "#microsoft.graph.accessPackageTextInputQuestion", "text": "Why?"}, one.get("questions", 0)); diff != "" {
		t.Error(diff)
	}
	if len(one.get("questions", 1).(obj)) != 3 {
		t.Errorf("questions/1: %s", one.raw)
	}
	w.do("app", "GET", path+"?$expand=questions($select=answers)", nil).refused(400, entitlement.CodeBadRequest, "'answers'")
	list := w.do("app", "GET", "assignmentPolicies?$expand=questions&$filter=displayName eq 'P'", nil).want(200)
	if list.text("value", 0, "questions", 1, "choices", 1, "actualValue") != "CH" {
		t.Errorf("list: %s", list.raw)
	}
}

// TestQuestionIDs: a question keeps its id for as long as the policy is written back with
// it; ids that are not the server's are not taken over.
func TestQuestionIDs(t *testing.T) {
	w := newPolicyWorld(t)
	sent := questions()
	sent[0]["id"] = nowhere
	path := "assignmentPolicies/" + w.make("assignmentPolicies", w.body(obj{"questions": sent}))
	ids := func() []string {
		a := w.do("app", "GET", path+"?$expand=questions", nil).want(200)
		var list []string
		for i := range a.get("questions").([]any) {
			list = append(list, a.text("questions", i, "id"))
		}
		return list
	}
	made := ids()
	if len(made) != 2 || made[0] == nowhere || made[0] == made[1] {
		t.Fatalf("ids %v", made)
	}
	put := func(list any) []string {
		t.Helper()
		w.do("app", "PUT", path, w.body(obj{"questions": list})).want(200)
		return ids()
	}
	q := questions()
	q[0]["id"], q[1]["id"] = strings.ToUpper(made[0]), made[0]
	if got := put(q); got[0] != made[0] || got[1] == made[0] || got[1] == made[1] {
		t.Errorf("after a doubled id: %v, were %v", got, made)
	}
	q[0]["id"], q[1]["id"] = made[0], "not one"
	if got := put(q); got[0] != made[0] || slices.Contains(made, got[1]) {
		t.Errorf("after a strange id: %v, were %v", got, made)
	}
	kept := ids()
	if got := put(nil); !slices.Equal(got, kept) {
		t.Errorf("after null: %v, were %v", got, kept)
	}
	w.do("app", "PUT", path, w.body(nil)).want(200)
	if got := ids(); !slices.Equal(got, kept) {
		t.Errorf("left out: %v, were %v", got, kept)
	}
	if got := put([]any{}); len(got) != 0 {
		t.Errorf("after []: %v", got)
	}
}

func TestQuestionLanguage(t *testing.T) {
	w := newPolicyWorld(t)
	path := "assignmentPolicies/" + w.make("assignmentPolicies", w.body(obj{"questions": questions()}))
	full := path + "?$expand=questions"
	for accept, want := range map[string]string{
		"":                             "Why? Arizona Switzerland",
		"en":                           "Why? Arizona Switzerland",
		"*":                            "Why? Arizona Switzerland",
		"fr-CA":                        "Pourquoi, là? Arizona Suisse",
		"FR-ch":                        "Pourquoi? Arizona Suisse",
		"fr-CA-x-joual":                "Pourquoi, là? Arizona Suisse",
		"en-GB,en;q=0.9, de-CH;q=0.5":  "Warum? Arizona Schwiiz",
		"fr;q=0.1,de;q=0.2":            "Warum? Arizona Suisse",
		"es, de;q=0, fr ; q=0.3":       "Pourquoi? Arizona (EE. UU.) Suisse",
		"de;q=2, fr;q=nonsense, *;q=1": "Why? Arizona Switzerland",
	} {
		a := w.do("app", "GET", full, nil, "Accept-Language", accept).want(200)
		got := a.text("questions", 0, "text") + " " + a.text("questions", 1, "choices", 0, "text") + " " + a.text("questions", 1, "choices", 1, "text")
		if got != want {
			t.Errorf("Accept-Language %q: %s, want %s", accept, got, want)
		}
		if len(a.get("questions", 0, "localizations").([]any)) != 3 {
			t.Errorf("localizations: %s", a.raw)
		}
	}
	// What was read in one language and is written back does not become the text of all.
	before := w.do("app", "GET", full, nil).want(200)
	fr := w.do("app", "GET", full, nil, "Accept-Language", "fr").want(200)
	w.do("app", "PUT", path, fr.raw, "Accept-Language", "fr").want(200)
	if diff := cmp.Diff(before.get("questions"), w.do("app", "GET", full, nil).get("questions")); diff != "" {
		t.Error(diff)
	}
	fr.get("questions", 0).(obj)["text"] = "Comment?"
	w.do("app", "PUT", path, fr.body, "Accept-Language", "fr").want(200)
	if got := w.do("app", "GET", full, nil).text("questions", 0, "text"); got != "Comment?" {
		t.Errorf("the text is %q", got)
	}
}

// TestLanguagesAreFew: a header of thousands of ranges is not looked at to its end.
func TestLanguagesAreFew(t *testing.T) {
	c := &call{r: &http.Request{Header: http.Header{"Accept-Language": {strings.Repeat("en,", 5000)}}}}
	if n := len(c.languages()); n != maxRanges {
		t.Errorf("%d ranges", n)
	}
}

func TestQuestionRefused(t *testing.T) {
	w := newPolicyWorld(t)
	question := func(typ string, members obj) obj {
		q := obj{"@odata.type": "#microsoft.graph." + typ, "text": "Why?"}
		for k, v := range members {
			q[k] = v
		}
		return obj{"questions": []obj{q}}
	}
	input := func(members obj) obj { return question("accessPackageTextInputQuestion", members) }
	choice := func(members obj) obj { return question("accessPackageMultipleChoiceQuestion", members) }
	many := slices.Repeat(input(nil)["questions"].([]obj), 51)
	one := obj{"actualValue": "a", "text": "A"}
	const at = "questions[0]"
	w.refuses(t, map[string]refusal{
		"no type":            {obj{"questions": []obj{{"text": "Why?"}}}, "", at + "/@odata.type", "is required"},
		"the abstract type":  {question("accessPackageQuestion", nil), "", at + "/@odata.type", "accessPackageTextInputQuestion or accessPackageMultipleChoiceQuestion"},
		"no object":          {obj{"questions": []any{1}}, "", at, "must be an object"},
		"no text":            {input(obj{"text": " "}), "", at + "/text", "is required"},
		"a long text":        {input(obj{"text": strings.Repeat("x", 4001)}), "", at + "/text", "4000"},
		"text of beta":       {input(obj{"text": obj{"defaultText": "Why?"}}), "", at + "/text", "must be a string"},
		"look-behind":        {input(obj{"regexPattern": "(?<=a)b"}), "", at + "/regexPattern", "RE2"},
		"an open pattern":    {input(obj{"regexPattern": "(a"}), "", at + "/regexPattern", "missing closing )"},
		"a closing pattern":  {input(obj{"regexPattern": "a)|(b"}), "", at + "/regexPattern", "cannot be compiled"},
		"a long pattern":     {input(obj{"regexPattern": strings.Repeat("x", 1001)}), "", at + "/regexPattern", "1000"},
		"choices of text":    {input(obj{"choices": []obj{one}}), "", at + "/choices", "accessPackageTextInputQuestion"},
		"a pattern to chose": {choice(obj{"choices": []obj{one}, "regexPattern": "a"}), "", at + "/regexPattern", "accessPackageMultipleChoiceQuestion"},
		"no choice":          {choice(nil), "", at + "/choices", "1 to 100"},
		"a choice twice":     {choice(obj{"choices": []obj{one, one}}), "", at + "/choices", "'a'"},
		"a choice of text":   {choice(obj{"choices": []obj{{"text": "A"}}}), "", at + "/choices", "actualValue"},
		"a choice of beta":   {choice(obj{"choices": []obj{{"displayValue": obj{}}}}), "", at + "/choices[0]/displayValue", "accessPackageAnswerChoice"},
		"no language":        {input(obj{"localizations": []obj{{"text": "x"}}}), "", at + "/localizations", "languageCode"},
		"no localized text":  {input(obj{"localizations": []obj{{"languageCode": "fr"}}}), "", at + "/localizations", "text"},
		"unknown member":     {input(obj{"localizations": []obj{{"language": "fr"}}}), "", at + "/localizations[0]/language", "accessPackageLocalizedText"},
		"a flag of text":     {input(obj{"isRequired": "yes"}), "", at + "/isRequired", "boolean"},
		"sequence":           {input(obj{"sequence": 1.5}), "", at + "/sequence", "integer"},
		"51 of them":         {obj{"questions": many}, "", "questions", "the most is 50"},
	})
}
