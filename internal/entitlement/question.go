package entitlement

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// Question is an accessPackageQuestion: what a policy asks who wants access.
type Question struct {
	ID         ID           `json:"id"`
	Kind       QuestionKind `json:"kind"`
	Sequence   int          `json:"sequence,omitzero"`
	Text       string       `json:"text"`
	Localized  []LocalText  `json:"localized,omitzero"`
	IsRequired *bool        `json:"required,omitzero"`
	IsEditable *bool        `json:"editable,omitzero"` // isAnswerEditable

	// Of a text input question: Pattern is a regular expression that the whole answer has
	// to match.
	SingleLine *bool  `json:"singleLine,omitzero"`
	Pattern    string `json:"pattern,omitzero"`

	// Of a multiple choice question.
	Choices  []Choice `json:"choices,omitzero"`
	Multiple *bool    `json:"multiple,omitzero"` // isMultipleSelectionAllowed
}

// QuestionKind is the derived type of a question, without its namespace.
type QuestionKind string

// Kinds of question.
const (
	TextInputQuestion      QuestionKind = "accessPackageTextInputQuestion"
	MultipleChoiceQuestion QuestionKind = "accessPackageMultipleChoiceQuestion"
)

// Choice is an accessPackageAnswerChoice.
type Choice struct {
	Value     string      `json:"value"` // actualValue
	Text      string      `json:"text"`
	Localized []LocalText `json:"localized,omitzero"`
}

// LocalText is an accessPackageLocalizedText.
type LocalText struct {
	Language string `json:"language"` // such as fr-CA
	Text     string `json:"text"`
}

// QuestionAnswer is an accessPackageAnswerString. Several answers to one multiple choice
// question are several of them.
type QuestionAnswer struct {
	QuestionID ID           `json:"question"`
	Kind       QuestionKind `json:"kind,omitzero"` // of the question, when it was answered
	Value      string       `json:"value"`
	Display    *string      `json:"display,omitzero"`
}

// Limits of questions and answers.
const (
	MaxQuestions = 50
	MaxChoices   = 100
	MaxPattern   = 1000 // characters
	MaxAnswer    = 4000 // characters
	MaxAnswers   = 200
)

// Expression compiles the pattern of a question: it has to match a whole answer. It is nil
// where there is none.
func (q *Question) Expression() (*regexp.Regexp, error) {
	if q.Pattern == "" {
		return nil, nil
	}
	// Read alone first: "a)|(b" would break out of the group.
	alone, err := syntax.Parse(q.Pattern, syntax.Perl)
	if err != nil {
		return nil, err
	}
	return regexp.Compile(`^(?:` + alone.String() + `)$`)
}

// is reports whether a flag that may be absent is set.
func is(flag *bool) bool { return flag != nil && *flag }

// Required reports whether the question has to be answered.
func (q *Question) Required() bool { return is(q.IsRequired) }

// Editable reports whether a requestor may answer it otherwise later.
func (q *Question) Editable() bool { return is(q.IsEditable) }

// AllowsMultiple reports whether several choices may be answered.
func (q *Question) AllowsMultiple() bool { return is(q.Multiple) }

func (q *Question) validate(at string) error {
	if strings.TrimSpace(q.Text) == "" {
		return Invalid(at+"/text", "%s/text is required and must not be blank.", at)
	}
	if err := checkText(at+"/text", &q.Text); err != nil {
		return err
	}
	if err := validateLocal(at, q.Localized); err != nil {
		return err
	}
	switch q.Kind {
	case TextInputQuestion:
		return q.validatePattern(at)
	case MultipleChoiceQuestion:
		return q.validateChoices(at)
	}
	return Invalid(at+"/@odata.type", "%s is of no known type: it can be #microsoft.graph.%s or #microsoft.graph.%s.", at, TextInputQuestion, MultipleChoiceQuestion)
}

func (q *Question) validatePattern(at string) error {
	if n := utf8.RuneCountInString(q.Pattern); n > MaxPattern {
		return Invalid(at+"/regexPattern", "regexPattern has %d characters; the most is %d.", n, MaxPattern)
	}
	if _, err := q.Expression(); err != nil {
		return Invalid(at+"/regexPattern", "regexPattern cannot be compiled (%s). Patterns are RE2: no look-around, no back references, counts up to 1000.", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return nil
}

func (q *Question) validateChoices(at string) error {
	if n := len(q.Choices); n == 0 || n > MaxChoices {
		return Invalid(at+"/choices", "A multiple choice question has 1 to %d choices; this one has %d.", MaxChoices, n)
	}
	seen := map[string]bool{}
	for i := range q.Choices {
		c := &q.Choices[i]
		switch {
		case strings.TrimSpace(c.Value) == "" || strings.TrimSpace(c.Text) == "":
			return Invalid(at+"/choices", "Each choice needs actualValue and text.")
		case seen[c.Value]:
			return Invalid(at+"/choices", "The choice '%s' stands there twice.", c.Value)
		}
		seen[c.Value] = true
		for _, s := range []*string{&c.Value, &c.Text} {
			if err := checkText(at+"/choices", s); err != nil {
				return err
			}
		}
		if err := validateLocal(at+"/choices", c.Localized); err != nil {
			return err
		}
	}
	return nil
}

func validateLocal(at string, list []LocalText) error {
	if len(list) > MaxChoices {
		return Invalid(at+"/localizations", "There are %d localizations; the most is %d.", len(list), MaxChoices)
	}
	for _, l := range list {
		if l.Language == "" || len(l.Language) > 35 || strings.TrimSpace(l.Text) == "" {
			return Invalid(at+"/localizations", "Each localization needs a languageCode such as fr-CA and a text.")
		}
		if err := checkText(at+"/localizations", &l.Text); err != nil {
			return err
		}
	}
	return nil
}
