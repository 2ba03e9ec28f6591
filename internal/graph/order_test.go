package graph

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
)

const someQuestion = "8fe745e7-80b2-490d-bd22-4e708c77288c"

func orderOf(t testing.TB, body string) (engine.Order, error) {
	t.Helper()
	o, err := readOrderOf(t, New(Options{}), body)
	order, _ := o.(engine.Order)
	return order, err
}

// TestOrderTypes: every word of the schema is read, in any case; who may use it is said by
// package rules.
func TestOrderTypes(t *testing.T) {
	words := map[string]entitlement.RequestType{"UserExtend": entitlement.TypeUserUpdate, "userextend": entitlement.TypeUserUpdate}
	for _, typ := range entitlement.RequestTypes {
		words[string(typ)] = typ
		words[strings.ToUpper(string(typ))] = typ
	}
	for word, want := range words {
		if o, err := orderOf(t, `{"requestType":"`+word+`"}`); err != nil || o.Type != want {
			t.Errorf("%s: %s, %v", word, o.Type, err)
		}
	}
	if _, err := orderOf(t, `{"requestType":"unknownFutureValue"}`); err == nil {
		t.Error("unknownFutureValue is taken")
	}
}

func TestOrderSchedule(t *testing.T) {
	start := time.Date(2027, 1, 2, 3, 4, 5, 678901000, time.UTC)
	end := time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)
	until := &entitlement.Expiration{Type: entitlement.ExpirationAfterDateTime, EndAt: end}
	const startText, endText = `"startDateTime":"2027-01-02T04:04:05.6789012+01:00"`, `"expiration":{"type":"AfterDateTime","endDateTime":"2027-06-01T00:00:00Z","duration":null}`
	for name, tc := range map[string]struct {
		body string
		want entitlement.Schedule
	}{
		"null":          {`"schedule":null`, entitlement.Schedule{}},
		"nulls":         {`"schedule":{"startDateTime":null,"recurrence":null,"expiration":null}`, entitlement.Schedule{}},
		"no time":       {`"schedule":{"startDateTime":"0001-01-01T00:00:00Z"}`, entitlement.Schedule{}},
		"start":         {`"schedule":{` + startText + `}`, entitlement.Schedule{StartAt: start}},
		"end":           {`"schedule":{` + endText + `}`, entitlement.Schedule{Expiration: until}},
		"duration":      {`"schedule":{"expiration":{"type":"afterDuration","duration":"P7D","endDateTime":null}}`, entitlement.Schedule{Expiration: &entitlement.Expiration{Type: entitlement.ExpirationAfterDuration, Duration: 7 * 24 * time.Hour}}},
		"none":          {`"schedule":{"expiration":{"type":"noExpiration"}}`, entitlement.Schedule{Expiration: &entitlement.Expiration{Type: entitlement.ExpirationNone}}},
		"not specified": {`"schedule":{"expiration":{"type":"notSpecified","endDateTime":null}}`, entitlement.Schedule{Expiration: &entitlement.Expiration{Type: entitlement.ExpirationNotSpecified}}},
		"at assignment": {`"assignment":{"schedule":{` + startText + `,` + endText + `}}`, entitlement.Schedule{StartAt: start, Expiration: until}},
		"twice":         {`"schedule":{` + startText + `,` + endText + `},"assignment":{"schedule":{` + endText + `,` + startText + `}}`, entitlement.Schedule{StartAt: start, Expiration: until}},
		"in two parts":  {`"schedule":{` + startText + `},"assignment":{"schedule":{` + endText + `}}`, entitlement.Schedule{StartAt: start, Expiration: until}},
		"said behind":   {`"schedule":{"expiration":{"type":"notSpecified"}},"assignment":{"schedule":{` + endText + `}}`, entitlement.Schedule{Expiration: until}},
		"said before":   {`"schedule":{` + endText + `},"assignment":{"schedule":{"expiration":{"type":"notSpecified"}}}`, entitlement.Schedule{Expiration: until}},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := orderOf(t, `{"requestType":"adminUpdate",`+tc.body+`}`)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, o.Schedule); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOrderAnswers(t *testing.T) {
	text := func(s string) *string { return &s }
	o, err := orderOf(t, `{"@odata.type":"#microsoft.graph.accessPackageAssignmentRequest","requestType":"userAdd","answers":[
		{"@odata.type":"#microsoft.graph.accessPackageAnswerString","displayValue":"First","value":"one",
		 "answeredQuestion":{"@odata.type":"#microsoft.graph.accessPackageMultipleChoiceQuestion","id":"`+strings.ToUpper(someQuestion)+`"}},
		{"value":"two","answeredQuestion":{"id":"`+someQuestion+`","text":"Which?","choices":[{"actualValue":"two"}],"isRequired":true,"isSingleLineQuestion":null}},
		{"@odata.type":"microsoft.graph.accesspackageanswerstring","value":null,"displayValue":null,"answeredQuestion":{"@odata.type":"microsoft.graph.accessPackageQuestion","id":"`+someQuestion+`"}}
	]}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []entitlement.QuestionAnswer{
		{QuestionID: someQuestion, Value: "one", Display: text("First")}, {QuestionID: someQuestion, Value: "two"}, {QuestionID: someQuestion},
	}
	if diff := cmp.Diff(want, o.Answers); diff != "" {
		t.Error(diff)
	}
}

func TestOrderRefused(t *testing.T) {
	answer := func(members string) string {
		return `"answers":[{"value":"x","answeredQuestion":{"id":"` + someQuestion + `"}},{` + members + `}]`
	}
	of := `"answeredQuestion":{"id":"` + someQuestion + `"}`
	for name, tc := range map[string]struct{ body, at, says string }{
		"bad time":            {`"schedule":{"startDateTime":"tomorrow"}`, "schedule/startDateTime", "must be a time"},
		"no end":              {`"schedule":{"expiration":{"type":"afterDateTime"}}`, "schedule/expiration/endDateTime", "needs endDateTime"},
		"no duration":         {`"assignment":{"schedule":{"expiration":{"type":"afterDuration"}}}`, "assignment/schedule/expiration/duration", "needs a duration"},
		"end and duration":    {`"schedule":{"expiration":{"type":"afterDuration","duration":"P1D","endDateTime":"2027-01-01T00:00:00Z"}}`, "schedule/expiration/duration", "no endDateTime"},
		"end of none":         {`"schedule":{"expiration":{"type":"noExpiration","endDateTime":"2027-01-01T00:00:00Z"}}`, "schedule/expiration/type", "neither"},
		"unknown type":        {`"schedule":{"expiration":{"type":"afterWards"}}`, "schedule/expiration/type", "afterDateTime"},
		"unknown in schedule": {`"schedule":{"endDateTime":"2027-01-01T00:00:00Z"}`, "schedule/endDateTime", "does not exist"},
		"two starts":          {`"schedule":{"startDateTime":"2027-01-01T00:00:00Z"},"assignment":{"schedule":{"startDateTime":"2027-01-02T00:00:00Z"}}`, "assignment/schedule/startDateTime", "says twice when access begins"},
		"two ends":            {`"schedule":{"expiration":{"type":"noExpiration"}},"assignment":{"schedule":{"expiration":{"type":"afterDuration","duration":"P1D"}}}`, "assignment/schedule/expiration", "says twice when access ends"},
		"no list":             {`"answers":{}`, "answers", "must be a collection"},
		"no object":           {`"answers":["x"]`, "answers[0]", "must be an object"},
		"other answer":        {answer(`"@odata.type":"#microsoft.graph.accessPackageAnswer",` + of), "answers[1]/@odata.type", "accessPackageAnswerString"},
		"number":              {answer(`"value":1,` + of), "answers[1]/value", "must be a string"},
		"no value":            {answer(of), "answers[1]/value", "is required"},
		"no question":         {answer(`"value":"x"`), "answers[1]/answeredQuestion", "is required"},
		"null question":       {answer(`"value":"x","answeredQuestion":null`), "answers[1]/answeredQuestion", "is required"},
		"text question":       {answer(`"value":"x","answeredQuestion":"q"`), "answers[1]/answeredQuestion", "must be an object"},
		"question no GUID":    {answer(`"value":"x","answeredQuestion":{"id":"q"}`), "answers[1]/answeredQuestion/id", "must be a GUID"},
		"other question":      {answer(`"value":"x","answeredQuestion":{"@odata.type":"#microsoft.graph.user","id":"` + someQuestion + `"}`), "answers[1]/answeredQuestion/@odata.type", "is not a type of question"},
		"unknown in answer":   {answer(`"answer":"x",` + of), "answers[1]/answer", "does not exist"},
		"unknown in question": {answer(`"value":"x","answeredQuestion":{"id":"` + someQuestion + `","question":"?"}`), "answers[1]/answeredQuestion/question", "does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := orderOf(t, `{"requestType":"userAdd",`+tc.body+`}`)
			var refusal *entitlement.Error
			if !errors.As(err, &refusal) || refusal.Code != entitlement.CodeInvalidModel || refusal.Target != tc.at || !strings.Contains(refusal.Message, tc.says) {
				t.Errorf("got %v (target %q), want %q at %q", err, refusal.Target, tc.says, tc.at)
			}
		})
	}
	_, err := orderOf(t, `{"requestType":"userAdd","schedule":{"recurrence":{}}}`)
	var refusal *entitlement.Error
	if !errors.As(err, &refusal) || refusal.Code != entitlement.CodeUnsupportedSetting {
		t.Errorf("recurrence: %v", err)
	}
}
