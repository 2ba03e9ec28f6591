package graph

import (
	"slices"

	"anteroom/internal/entitlement"
)

// answerType is the one type of an answer that can be given.
const answerType = "accessPackageAnswerString"

// readAnswers reads what is answered to the questions of the policy. Whether the answers
// fit the questions is said by package rules.
//
// graph: accessPackageAnswerString
func (s *schema) readAnswers(n node) ([]entitlement.QuestionAnswer, error) {
	var list []entitlement.QuestionAnswer
	err := n.each(func(n node) error {
		a, err := s.readAnswer(n)
		list = append(list, a)
		return err
	})
	return list, err
}

func (s *schema) readAnswer(n node) (entitlement.QuestionAnswer, error) {
	var a entitlement.QuestionAnswer
	if n.kind != isObject {
		return a, n.wrongKind("an object")
	}
	typ, err := n.typeName()
	if err != nil {
		return a, err
	}
	if _, ok := entitlement.ParseEnum([]string{answerType}, typ); !ok && typ != "" {
		return a, entitlement.Invalid(n.at+"/@odata.type", "'%s' is not a type of answer that is known; it must be #microsoft.graph.%s.", clip(typ, 128), answerType)
	}
	hasValue := false
	err = n.fields(answerType, func(name string, n node) (_ bool, err error) {
		switch name {
		case "value":
			hasValue = true
			if n.kind != isNull { // no answer; whether it may be so is said by package rules
				a.Value, err = n.string()
			}
		case "displayValue":
			a.Display, err = n.optionalString()
		case "answeredQuestion":
			a.QuestionID, err = s.answeredQuestion(n)
		default:
			return false, nil
		}
		return true, err
	})
	switch {
	case err != nil:
	case a.QuestionID == "":
		err = entitlement.Invalid(n.at+"/answeredQuestion", "%s/answeredQuestion is required, with the id of a question of the policy: {\"@odata.type\":\"#microsoft.graph.%s\",\"id\":\"…\"}.", n.at, entitlement.TextInputQuestion)
	case !hasValue:
		err = entitlement.Invalid(n.at+"/value", "%s/value is required: the text, or the actualValue of what was chosen. Several choices are several answers to one question.", n.at)
	}
	return a, err
}

// answeredQuestion reads which question is answered. All else that it says is ignored, as
// clients send back questions that they have read.
func (s *schema) answeredQuestion(n node) (id entitlement.ID, err error) {
	if n.kind == isNull {
		return "", nil
	}
	if n.kind != isObject {
		return "", n.wrongKind("an object")
	}
	typ, err := n.typeName()
	if err != nil {
		return "", err
	}
	known := append(slices.Clone(questionKinds), entitlement.QuestionKind(s.question.name))
	if _, ok := entitlement.ParseEnum(known, typ); !ok && typ != "" {
		return "", entitlement.Invalid(n.at+"/@odata.type", "'%s' is not a type of question; it can be %s.", clip(typ, 128), entitlement.EnumWords(questionKinds))
	}
	err = n.fields(s.question.name, func(name string, n node) (_ bool, err error) {
		if name == "id" {
			id, err = n.id()
			return true, err
		}
		return s.question.knows(name), nil
	})
	return id, err
}

func writeAnswers(e *encoder, answers []entitlement.QuestionAnswer) {
	e.openList()
	for i := range answers {
		a := &answers[i]
		e.open()
		e.odataType(answerType)
		e.key("value").text(a.Value)
		e.key("displayValue").optionalText(a.Display)
		e.key("answeredQuestion").open()
		if a.Kind != "" {
			e.odataType(string(a.Kind))
		}
		e.key("id").text(string(a.QuestionID))
		e.close()
		e.close()
	}
	e.closeList()
}
