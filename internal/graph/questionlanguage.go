package graph

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"anteroom/internal/entitlement"
)

// The texts of questions in several languages. A question's own text has none: it is shown
// where no localization fits.

// maxRanges is how many language ranges of one call are looked at.
const maxRanges = 20

// languages are the language ranges that the caller prefers, the best one first. A range
// that is refused (q=0), any language (*) and what cannot be read are left out.
//
// RFC 9110 §12.5.4
func (c *call) languages() []string {
	type weighted struct {
		tag    string
		weight float64
	}
	var list []weighted
	for _, line := range c.r.Header["Accept-Language"] {
		for part := range strings.SplitSeq(line, ",") {
			tag, parameter, _ := strings.Cut(part, ";")
			w := weighted{strings.TrimSpace(tag), 1}
			if name, value, ok := strings.Cut(strings.TrimSpace(parameter), "="); ok && strings.EqualFold(name, "q") {
				w.weight, _ = strconv.ParseFloat(value, 64)
			}
			if w.tag != "" && w.tag != "*" && w.weight > 0 && w.weight <= 1 && len(list) < maxRanges {
				list = append(list, w)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b weighted) int { return cmp.Compare(b.weight, a.weight) })
	ranges := make([]string, len(list))
	for i, w := range list {
		ranges[i] = w.tag
	}
	return ranges
}

// localText is the text in the language that fits the ranges best, or else the text
// itself: fr-CA finds fr-CA, and if there is none fr.
//
// RFC 4647 §3.4
func localText(text string, list []entitlement.LocalText, ranges []string) string {
	for _, r := range ranges {
		for r != "" {
			for _, l := range list {
				if strings.EqualFold(l.Language, r) {
					return l.Text
				}
			}
			cut := max(strings.LastIndexByte(r, '-'), 0)
			if cut >= 2 && r[cut-2] == '-' { // a single letter goes with what it introduces
				cut -= 2
			}
			r = r[:cut]
		}
	}
	return text
}

// localized is the question as it is shown to a caller who prefers the ranges.
func localized(q *question, ranges []string) *question {
	if len(ranges) == 0 {
		return q
	}
	shown := *q
	shown.Text = localText(q.Text, q.Localized, ranges)
	shown.Choices = slices.Clone(q.Choices)
	for i := range shown.Choices {
		c := &shown.Choices[i]
		c.Text = localText(c.Text, c.Localized, ranges)
	}
	return &shown
}

// unlocalize undoes localized on a question that a caller sends back: a text that is what
// they are shown of was, in their language, was not changed.
func unlocalize(q, was *question, ranges []string) {
	seen := localized(was, ranges)
	if q.Text == seen.Text {
		q.Text = was.Text
	}
	for i := range q.Choices {
		c := &q.Choices[i]
		if j := slices.IndexFunc(was.Choices, func(o entitlement.Choice) bool { return o.Value == c.Value }); j >= 0 && c.Text == seen.Choices[j].Text {
			c.Text = was.Choices[j].Text
		}
	}
}

func writeLocalizations(e *encoder, list []entitlement.LocalText) {
	e.openList()
	for _, l := range list {
		e.open()
		e.key("languageCode").text(l.Language)
		e.key("text").text(l.Text)
		e.close()
	}
	e.closeList()
}

// graph: accessPackageLocalizedText
func readLocalizations(n node) ([]entitlement.LocalText, error) {
	var list []entitlement.LocalText
	err := n.each(func(n node) error {
		var l entitlement.LocalText
		err := n.fields("accessPackageLocalizedText", func(name string, n node) (_ bool, err error) {
			switch name {
			case "languageCode":
				l.Language, err = n.shortString(maxMember)
			case "text":
				l.Text, err = n.shortString(entitlement.MaxText)
			default:
				return false, nil
			}
			return true, err
		})
		list = append(list, l)
		return err
	})
	return list, err
}
