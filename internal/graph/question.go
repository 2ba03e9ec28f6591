package graph

import (
	"context"
	"slices"

	"anteroom/internal/entitlement"
	"anteroom/internal/odata"
)

// question is an accessPackageQuestion of either type.
type question = entitlement.Question

// questionKinds are the types of question.
var questionKinds = []entitlement.QuestionKind{entitlement.TextInputQuestion, entitlement.MultipleChoiceQuestion}

// questionMembers are the properties that one type of question has alone.
var questionMembers = map[string]entitlement.QuestionKind{
	"isSingleLineQuestion":       entitlement.TextInputQuestion,
	"regexPattern":               entitlement.TextInputQuestion,
	"choices":                    entitlement.MultipleChoiceQuestion,
	"isMultipleSelectionAllowed": entitlement.MultipleChoiceQuestion,
}

// ofKind reports whether questions of that type have the property.
func ofKind(name string, kind entitlement.QuestionKind) bool {
	only, listed := questionMembers[name]
	return !listed || only == kind
}

// graph: accessPackageQuestion, accessPackageTextInputQuestion, accessPackageMultipleChoiceQuestion
func (s *schema) describeQuestion() {
	s.question = entityType[question]{
		name:    "accessPackageQuestion",
		derived: func(q *question) string { return string(q.Kind) },
		props: []property[question]{
			shown("id", func(e *encoder, q *question) { e.text(string(q.ID)) }),
			{name: "sequence", write: func(e *encoder, q *question) { e.integer(int64(q.Sequence)) }, read: readSequence},
			text("text", func(q *question) *string { return &q.Text }),
			{
				name:  "localizations",
				write: func(e *encoder, q *question) { writeLocalizations(e, q.Localized) },
				read:  func(n node, q *question) (err error) { q.Localized, err = readLocalizations(n); return err },
			},
			optionalBoolean("isRequired", func(q *question) **bool { return &q.IsRequired }),
			optionalBoolean("isAnswerEditable", func(q *question) **bool { return &q.IsEditable }),
			optionalBoolean("isSingleLineQuestion", func(q *question) **bool { return &q.SingleLine }),
			{
				name:  "regexPattern",
				write: func(e *encoder, q *question) { e.textOrNull(q.Pattern) },
				read: func(n node, q *question) (err error) {
					q.Pattern, err = n.shortString(entitlement.MaxPattern)
					return err
				},
			},
			{name: "choices", write: writeChoices, read: readChoices},
			optionalBoolean("isMultipleSelectionAllowed", func(q *question) **bool { return &q.Multiple }),
		},
	}
	s.question.finish()
}

// optionalBoolean is a property that is true, false or null.
func optionalBoolean[T any](name string, ref func(*T) **bool) property[T] {
	return property[T]{
		name:  name,
		write: func(e *encoder, o *T) { e.optionalBoolean(*ref(o)) },
		read: func(n node, o *T) (err error) {
			*ref(o), err = n.optionalBoolean()
			return err
		},
	}
}

// questionsOf is the navigation from a policy to its questions. Each is written with the
// properties of its own type, and in the language that the caller prefers.
func (s *schema) questionsOf() navigation[entitlement.Policy] {
	return navigation[entitlement.Policy]{
		name: "questions", many: true, target: func() string { return s.question.name },
		bind: func(o *odata.Options) (expansion[entitlement.Policy], error) {
			v, err := s.question.view(o)
			if err != nil {
				return expansion[entitlement.Policy]{}, err
			}
			suffix := v.suffix
			if suffix == "" {
				suffix = "()"
			}
			load := func(_ context.Context, c *call, _ []*entitlement.Policy) (func(*encoder, *entitlement.Policy), error) {
				ranges := c.languages()
				return func(e *encoder, p *entitlement.Policy) { writeQuestions(e, v, p.Questions, ranges) }, nil
			}
			return expansion[entitlement.Policy]{name: "questions", suffix: "questions" + suffix, load: load}, nil
		},
	}
}

// writeQuestions writes a collection of questions in the language that fits the ranges best.
func writeQuestions(e *encoder, v *view[question], list []question, ranges []string) {
	e.openList()
	for i := range list {
		q := localized(&list[i], ranges)
		own := *v
		own.props = slices.DeleteFunc(slices.Clone(v.props), func(p *property[question]) bool { return !ofKind(p.name, q.Kind) })
		r := rows[question]{view: &own}
		r.writeTo(e, q)
	}
	e.closeList()
}

// readQuestions reads all questions of a policy. Those that were there keep their ids, and
// what the caller was shown in another language is not taken for the question's own text.
func (s *schema) readQuestions(n node, p, was *entitlement.Policy, ranges []string) error {
	if n.kind == isNull { // as if it were left out
		return nil
	}
	p.Questions = nil
	left := slices.Clone(was.Questions)
	return n.each(func(n node) error {
		q, err := s.readQuestion(n)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(left, func(o question) bool { return o.ID == q.ID }); i >= 0 {
			unlocalize(&q, &left[i], ranges)
			left = slices.Delete(left, i, i+1)
		} else {
			q.ID = "" // ids are the server's
		}
		p.Questions = append(p.Questions, q)
		return nil
	})
}

func (s *schema) readQuestion(n node) (question, error) {
	var q question
	if n.kind != isObject {
		return q, n.wrongKind("an object")
	}
	typ, err := n.typeName()
	if err != nil {
		return q, err
	}
	kind, ok := entitlement.ParseEnum(questionKinds, typ)
	switch {
	case typ == "":
		return q, entitlement.Invalid(n.at+"/@odata.type", "%s/@odata.type is required: #microsoft.graph.%s or #microsoft.graph.%s.", n.at, entitlement.TextInputQuestion, entitlement.MultipleChoiceQuestion)
	case !ok:
		return q, entitlement.Invalid(n.at+"/@odata.type", "'%s' is not a type of question; it can be %s.", clip(typ, 128), entitlement.EnumWords(questionKinds))
	}
	q.Kind = kind
	err = n.fields(string(kind), func(name string, n node) (bool, error) {
		if name == "id" {
			if n.kind == isString {
				q.ID, _ = entitlement.ParseID(n.text)
			}
			return true, nil
		}
		for i := range s.question.props {
			if p := &s.question.props[i]; p.name == name && ofKind(name, kind) {
				return true, p.read(n, &q)
			}
		}
		return false, nil
	})
	return q, err
}

func readSequence(n node, q *question) error {
	i, err := n.optionalInteger()
	q.Sequence = 0
	if i != nil {
		q.Sequence = *i
	}
	return err
}

func writeChoices(e *encoder, q *question) {
	e.openList()
	for i := range q.Choices {
		c := &q.Choices[i]
		e.open()
		e.key("actualValue").text(c.Value)
		e.key("text").text(c.Text)
		e.key("localizations")
		writeLocalizations(e, c.Localized)
		e.close()
	}
	e.closeList()
}

// graph: accessPackageAnswerChoice
func readChoices(n node, q *question) error {
	q.Choices = nil
	return n.each(func(n node) error {
		var c entitlement.Choice
		err := n.fields("accessPackageAnswerChoice", func(name string, n node) (_ bool, err error) {
			switch name {
			case "actualValue":
				c.Value, err = n.shortString(entitlement.MaxText)
			case "text":
				c.Text, err = n.shortString(entitlement.MaxText)
			case "localizations":
				c.Localized, err = readLocalizations(n)
			default:
				return false, nil
			}
			return true, err
		})
		q.Choices = append(q.Choices, c)
		return err
	})
}
