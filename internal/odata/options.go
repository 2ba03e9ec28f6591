package odata

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Options are the OData options of a URL, or of one navigation within $expand.
type Options struct {
	// Given are the options that were there, as "$filter", in the order of the URL.
	Given []string
	// Select are the paths of $select, or "*", as they were written.
	Select []string
	// Expand are the navigations of $expand.
	Expand []ExpandItem
	// Filter is nil where there is no $filter.
	Filter *Filter
	// OrderBy are the keys of $orderby.
	OrderBy []OrderItem
	// Top and Skip are nil where they were not given.
	Top, Skip *int
	// SkipToken is what OpenToken reads; empty where there is none.
	SkipToken string
	// Count says that $count=true was given.
	Count bool
	// Search is the text of $search as it was written.
	Search string
}

// Has reports whether an option such as "$filter" was given.
func (o *Options) Has(name string) bool { return slices.Contains(o.Given, name) }

// value is the decoded value of an option.
type value struct {
	option string // for messages
	text   string
	base   int          // characters of the option's value before text
	nest   *expandState // what $expand around it has used up
}

func (v value) errorf(at int, format string, args ...any) *Error {
	return errorf(v.option, v.base+utf8.RuneCountInString(v.text[:at])+1, format, args...)
}

// optionNames are the options that are read; those of the first group may also stand
// within $expand.
var (
	nestedNames = []string{"$select", "$expand", "$filter", "$orderby", "$top", "$skip", "$count", "$search"}
	optionNames = append(slices.Clip(nestedNames), "$skiptoken", "$format")
)

// findOption finds the usual spelling of a name that may lack its dollar sign and be in
// any case. It returns nothing for a custom option of the caller, which OData says to
// ignore.
func findOption(name string) (string, error) {
	bare, dollar := strings.CutPrefix(name, "$")
	for _, o := range optionNames {
		if strings.EqualFold(o[1:], bare) {
			return o, nil
		}
	}
	if dollar {
		return "", errorf(quoteBare(name), 0, "The query option %s is not supported; supported are %s.", quote(name), words(optionNames, "and"))
	}
	return "", nil
}

// Parse reads the query of a URL as it was sent (url.URL.RawQuery).
//
// The dollar sign before a name may be missing, its case does not matter, and "+" means
// a space. Names without a dollar sign that OData does not know are ignored. An option
// may be given once, and not empty.
func Parse(rawQuery string) (*Options, error) {
	if len(rawQuery) > MaxQueryBytes {
		return nil, errorf("query", 0, "The query of the URL has %d bytes; at most %d are read.", len(rawQuery), MaxQueryBytes)
	}
	o := &Options{}
	state := &expandState{}
	for pair := range strings.SplitSeq(rawQuery, "&") {
		if pair == "" {
			continue
		}
		name, text, err := decodePair(pair)
		if err != nil {
			return nil, err
		}
		option, err := findOption(name)
		if err != nil {
			return nil, err
		}
		if option == "" {
			continue
		}
		if err := o.set(option, value{option: option, text: text, nest: state}); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// set reads the value of an option, named in its usual spelling, into o.
func (o *Options) set(name string, v value) error {
	switch {
	case o.Has(name):
		return errorf(v.option, 0, "The option %s is given twice.", name)
	case strings.TrimSpace(v.text) == "":
		return errorf(v.option, 0, "The option %s has no value; leave it out or give one.", name)
	}
	o.Given = append(o.Given, name)
	switch name {
	case "$select":
		return readSelect(o, v)
	case "$expand":
		return readExpand(o, v)
	case "$filter":
		return readFilter(o, v)
	case "$orderby":
		return readOrderBy(o, v)
	case "$top":
		return readTop(o, v)
	case "$skip":
		return readSkip(o, v)
	case "$skiptoken":
		return readSkipToken(o, v)
	case "$count":
		return readCount(o, v)
	case "$search":
		return readSearch(o, v)
	}
	return readFormat(v)
}

// decodePair takes a name and its value apart and decodes both.
func decodePair(pair string) (name, text string, err error) {
	rawName, rawText, _ := strings.Cut(pair, "=")
	if name, err = url.QueryUnescape(rawName); err != nil {
		return "", "", errorf("query", 0, "The name %s in the query of the URL is not percent-encoded as it should be.", quote(rawName))
	}
	name = strings.TrimSpace(name)
	shown := name
	if name == "" || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", "", errorf("query", 0, "The query of the URL holds a value without a proper name: %s.", quote(pair))
	}
	if option, err := findOption(name); err == nil && option != "" {
		shown = option
	}
	shown = quoteBare(shown)
	if text, err = url.QueryUnescape(rawText); err != nil {
		return "", "", errorf(shown, 0, "The value is not percent-encoded as it should be: %s. A percent sign itself is written %%25.", badEscape(rawText))
	}
	if !utf8.ValidString(text) {
		return "", "", errorf(shown, 0, "The value is not UTF-8.")
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return r != '\t' && unicode.IsControl(r) }); i >= 0 {
		r, _ := utf8.DecodeRuneInString(text[i:])
		return "", "", errorf(shown, utf8.RuneCountInString(text[:i])+1, "The value holds the control character %U.", r)
	}
	return name, text, nil
}

// badEscape shows the first escape of s that is none.
func badEscape(s string) string {
	for i := range len(s) {
		if s[i] == '%' {
			part := s[i:min(i+3, len(s))]
			if _, err := url.PathUnescape(part); err != nil {
				return quote(part)
			}
		}
	}
	return quote(s)
}

func readFilter(o *Options, v value) (err error) {
	o.Filter, err = parseFilter(v.option, v.text, v.base)
	return err
}

func readSelect(o *Options, v value) error {
	items, err := v.split(',')
	if err != nil {
		return err
	}
	if len(items) > MaxSelectItems {
		return v.errorf(0, "There are %d names in $select; at most %d are read.", len(items), MaxSelectItems)
	}
	for _, item := range items {
		if item.text != "*" && !validPath(item.text) {
			return item.errorf(0, "%s is no property that can be selected; write names with commas between them, such as id,displayName.", quote(item.text))
		}
		o.Select = append(o.Select, item.text)
	}
	return nil
}

func readTop(o *Options, v value) error {
	n, err := v.number(MaxTop)
	o.Top = &n
	return err
}

func readSkip(o *Options, v value) error {
	n, err := v.number(maxSkip)
	o.Skip = &n
	return err
}

func (v value) number(most int) (int, error) {
	text := strings.TrimSpace(v.text)
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most || !isDigits(text) {
		return 0, v.errorf(0, "%s is not a whole number from 0 to %d.", quote(text), most)
	}
	return n, nil
}

func readSkipToken(o *Options, v value) error {
	if len(v.text) > MaxTokenBytes {
		return v.errorf(0, "%s It has %d bytes, more than any that was given out.", badToken, len(v.text))
	}
	o.SkipToken = v.text
	return nil
}

func readCount(o *Options, v value) error {
	switch strings.ToLower(strings.TrimSpace(v.text)) {
	case "true":
		o.Count = true
	case "false":
	default:
		return v.errorf(0, "%s is neither true nor false.", quote(v.text))
	}
	return nil
}

func readSearch(o *Options, v value) error {
	if len(v.text) > MaxSearchBytes {
		return v.errorf(0, "The text has %d bytes; at most %d are read.", len(v.text), MaxSearchBytes)
	}
	o.Search = strings.TrimSpace(v.text)
	return nil
}

func readFormat(v value) error {
	media, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(v.text)), ";")
	if media != "json" && media != "application/json" {
		return v.errorf(0, "The format %s is not supported; json is.", quote(v.text))
	}
	return nil
}
