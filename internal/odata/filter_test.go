package odata

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"anteroom/internal/query"
)

const guid = "3FA85F64-5717-4562-b3fc-2c963f66afa6"

// testProperties has a property of each type.
var testProperties = Properties{
	"id":                         {Path: "id", Type: ID},
	"displayName":                {Path: "displayName", Type: Text},
	"originId":                   {Path: "originId", Type: Text},
	"accessPackage/id":           {Path: "accessPackage/id", Type: ID},
	"assignment/target/objectId": {Path: "target/objectId", Type: ID},
	"state":                      {Path: "state", Type: Enum, Members: []string{"submitted", "delivered", "deliveryFailed"}},
	"isHidden":                   {Path: "isHidden", Type: Bool},
	"priority":                   {Path: "priority", Type: Int},
	"createdDateTime":            {Path: "createdDateTime", Type: Time},
}

func equal(path string, v query.Value) query.Expr { return query.Equal(path, v) }

func compare(path string, op query.Op, v query.Value) query.Expr {
	return &query.Compare{Path: path, Op: op, Value: v}
}

func match(path string, kind query.MatchKind, text string) query.Expr {
	return &query.Match{Path: path, Kind: kind, Text: text}
}

func not(e query.Expr) query.Expr        { return &query.Not{Part: e} }
func and(parts ...query.Expr) query.Expr { return &query.And{Parts: parts} }
func or(parts ...query.Expr) query.Expr  { return &query.Or{Parts: parts} }
func in(path string, values ...query.Value) query.Expr {
	return &query.In{Path: path, Values: values}
}

// goodFilters are filters and what they resolve to.
var goodFilters = []struct {
	filter string
	want   query.Expr
}{
	{"displayName eq 'tf catalog'", equal("displayName", "tf catalog")},
	{"DISPLAYNAME EQ 'x'", equal("displayName", "x")},
	{"  displayName\teq 'x'  ", equal("displayName", "x")},
	{"displayName eq 'O''Neil'", equal("displayName", "O'Neil")},
	{"displayName eq ''", equal("displayName", "")},
	{"displayName eq 'a) or (b'", equal("displayName", "a) or (b")},
	{"displayName eq null", equal("displayName", nil)},
	{"displayName ne NULL", compare("displayName", query.Ne, nil)},
	{"displayName gt 'm'", compare("displayName", query.Gt, "m")},
	{"'m' lt displayName", compare("displayName", query.Gt, "m")},
	{"true eq isHidden", equal("isHidden", true)},
	{"tolower(displayName) eq 'x'", equal("displayName", "x")},
	{"toUpper( displayName ) eq toupper('x')", equal("displayName", "X")},
	{"contains(tolower(displayName), 'x')", match("displayName", query.Contains, "x")},
	{"contains(tolower(displayName),tolower('X'))", match("displayName", query.Contains, "x")},
	{"startswith(originId,'a b')", match("originId", query.StartsWith, "a b")},
	{"startswith(originId, 'a')", match("originId", query.StartsWith, "a")},
	{"startsWith (originId , 'a' )", match("originId", query.StartsWith, "a")},
	{"startswith(originId,'a') eq true", match("originId", query.StartsWith, "a")},
	{"startswith(originId,'a') eq false", not(match("originId", query.StartsWith, "a"))},
	{"startswith(originId,'a') ne true", not(match("originId", query.StartsWith, "a"))},
	{"originId eq " + guid, equal("originId", guid)},
	{"accessPackage/id eq '" + guid + "'", equal("accessPackage/id", strings.ToLower(guid))},
	{"accesspackage/ID eq " + guid, equal("accessPackage/id", strings.ToLower(guid))},
	{"id eq guid'" + guid + "'", equal("id", strings.ToLower(guid))},
	{"id eq abcdef01-5717-4562-b3fc-2c963f66afa6", equal("id", "abcdef01-5717-4562-b3fc-2c963f66afa6")},
	{"(id eq " + guid + ")", equal("id", strings.ToLower(guid))},
	{"assignment/target/objectid ne null", compare("target/objectId", query.Ne, nil)},
	{"state eq 'Delivered'", equal("state", "delivered")},
	{"state eq microsoft.graph.accessPackageRequestState'delivered'", equal("state", "delivered")},
	{"state eq microsoft.graph.accessPackageRequestState/'DELIVERYFAILED'", equal("state", "deliveryFailed")},
	{"state in ('submitted', 'Delivered')", in("state", "submitted", "delivered")},
	{"state in('submitted')", in("state", "submitted")},
	{"(state) in ('submitted',null)", in("state", "submitted", nil)},
	{"tolower(state) eq 'submitted'", equal("state", "submitted")},
	{"isHidden", equal("isHidden", true)},
	{"not isHidden", not(equal("isHidden", true))},
	{"isHidden eq false", equal("isHidden", false)},
	{"(isHidden) ne True", compare("isHidden", query.Ne, true)},
	{"priority ge -5", compare("priority", query.Ge, int64(-5))},
	{"priority eq 9223372036854775807", equal("priority", int64(9223372036854775807))},
	{"createdDateTime ge 2026-01-31T12:00:00Z", compare("createdDateTime", query.Ge, time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC))},
	{"createdDateTime ge 2026-01-31t12:00z", compare("createdDateTime", query.Ge, time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC))},
	{"createdDateTime lt 2026-01-31T12:00:00.1234567+02:00", compare("createdDateTime", query.Lt, time.Date(2026, 1, 31, 10, 0, 0, 123456000, time.UTC))},
	{"createdDateTime lt '2026-01-31T12:00:00Z'", compare("createdDateTime", query.Lt, time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC))},
	{"createdDateTime lt 2026-01-31", compare("createdDateTime", query.Lt, time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC))},
	{"isHidden and priority eq 1 or priority eq 2", or(and(equal("isHidden", true), equal("priority", int64(1))), equal("priority", int64(2)))},
	{"isHidden and (priority eq 1 or priority eq 2)", and(equal("isHidden", true), or(equal("priority", int64(1)), equal("priority", int64(2))))},
	{"isHidden AND isHidden AND isHidden", and(equal("isHidden", true), equal("isHidden", true), equal("isHidden", true))},
	{"not isHidden and isHidden", and(not(equal("isHidden", true)), equal("isHidden", true))},
	{"not (isHidden and isHidden)", not(and(equal("isHidden", true), equal("isHidden", true)))},
	{"NOT priority eq 1", not(equal("priority", int64(1)))},
	{"not(priority eq 1)", not(equal("priority", int64(1)))},
	{"not not isHidden", not(not(equal("isHidden", true)))},
	{"(isHidden and isHidden) eq false", not(and(equal("isHidden", true), equal("isHidden", true)))},
	{"displayName eq '日本 ☂'", equal("displayName", "日本 ☂")},
}

func TestResolve(t *testing.T) {
	for _, tc := range goodFilters {
		f, err := ParseFilter(tc.filter)
		if err != nil {
			t.Errorf("%s\n%v", tc.filter, err)
			continue
		}
		got, err := f.Resolve(testProperties.Lookup, testProperties.Names()...)
		if err != nil {
			t.Errorf("%s\n%v", tc.filter, err)
			continue
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tc.filter, diff)
		}
	}
}

// badFilters are filters, the column at fault, and a part of the message.
var badFilters = []struct {
	filter string
	column int
	want   string
}{
	{"", 1, "The filter is empty"},
	{"   ", 4, "The filter is empty"},
	{"displayName eq", 15, "Found the end, expected a literal"},
	{"displayName eq 'x", 16, "no closing quote"},
	{"displayName eq 'O'Neil'", 23, "written twice: 'O''Neil'"},
	{"displayName = 'x'", 13, "'=' (U+003D)"},
	{"displayName 'x'", 13, "Found ''x'', expected 'and', 'or' or the end"},
	{"displayName eq x", 16, "put it in quotes"},
	{"displayName eq \"x\"", 16, "(U+0022)"},
	{"displayName\u00a0eq 'x'", 12, "(U+00A0)"},
	{"eq 'x'", 1, "Found 'eq', expected a property"},
	{"displayName eq 'x' and", 23, "Found the end, expected a property"},
	{"displayName eq 'x' displayName eq 'y'", 20, "Found 'displayName', expected 'and'"},
	{"(displayName eq 'x'", 1, "is not closed"},
	{"displayName eq 'x')", 19, "Found ')'"},
	{"()", 2, "Found ')', expected a property"},
	{"not", 4, "Found the end"},
	{"'x' eq 'y'", 8, "Both sides are literals"},
	{"'x'", 4, "expected an operator"},
	{"true", 5, "expected an operator"},
	{"true eq startswith(originId,'a')", 1, "A condition comes before"},
	{"isHidden and isHidden gt true and (isHidden or isHidden) gt true", 58, "eq or ne"},
	{"(isHidden or isHidden) eq 'true'", 27, "expected true or false"},
	{"priority has 1", 10, "The operator 'has' is not supported"},
	{"priority add 1 eq 2", 10, "The operator 'add' is not supported"},
	{"length(displayName) eq 3", 1, "The function 'length' is not supported"},
	{"year(createdDateTime) eq 2026", 1, "The function 'year' is not supported"},
	{"createdDateTime lt now()", 20, "The function 'now' is not supported"},
	{"identitySources/any(is:is/tenantId eq 'x')", 1, "The operator 'any' over a collection is not supported"},
	{"not targets/all(t:t/id eq 'x')", 5, "The operator 'all' over a collection is not supported"},
	{"contains('a', displayName)", 10, "expected a property"},
	{"contains(displayName)", 21, "expected ',' and the text"},
	{"contains(displayName,5)", 22, "found the number 5"},
	{"contains(displayName,'a'", 25, "expected ')'"},
	{"state in ()", 11, "expected a literal"},
	{"state in 'x'", 10, "expected '('"},
	{"state in ('x',)", 15, "expected a literal"},
	{"state in ('x' 'y')", 15, "expected ')' or ','"},
	{"priority eq 5x", 13, "is no literal"},
	{"priority eq -", 13, "is no literal"},
	{"id eq 3fa85f64-5717-4562-b3fc", 7, "36 characters"},
	{"id eq guid'x'", 7, "Unrecognized Guid format"},
	{"id eq uuid'x'", 7, "does not name the type"},
	{"createdDateTime gt 2026-01-31T12:00:00", 20, "has no time zone"},
	{"createdDateTime gt 2026-02-30T12:00:00Z", 20, "is not a time"},
	{"createdDateTime gt 2026-01-31T12:00:00 02:00", 20, "a bare + means a space"},
	{"a/ eq 'x'", 2, "'/'"},
	{"/a eq 'x'", 1, "'/'"},
	{"日本 eq 'x' or ?", 14, "'?'"},
	{strings.Repeat("(", MaxFilterDepth+1), MaxFilterDepth + 1, "nested more than 20 levels"},
	{strings.Repeat("not ", MaxFilterDepth+1) + "a", 4*MaxFilterDepth + 1, "nested more than 20 levels"},
	{strings.Repeat("a and ", MaxFilterNodes/2) + "a", 6*MaxFilterNodes/2 + 1, "more than 200 comparisons"},
	{"a in (" + strings.Repeat("1,", MaxListItems) + "1)", 6 + 2*MaxListItems + 1, "more than 100 values"},
	{strings.Repeat("a", MaxQueryBytes+1), 0, "at most 16384"},

	{"nope eq 'x'", 1, "Filter on property 'nope' is not supported. Supported here: accessPackage/id, assignment/target/objectId, "},
	{"isHidden and tolower(nope) eq 'x'", 22, "Filter on property 'nope' is not supported"},
	{"displayName/x eq 'x'", 1, "Filter on property 'displayName/x' is not supported"},
	{"id eq 'x'", 7, "Unrecognized Guid format: 'x'"},
	{"id eq 5", 7, "is a GUID, found the number 5"},
	{"id in ('" + guid + "','x')", 47, "Unrecognized Guid format"},
	{"displayName eq 5", 16, "is text, in quotes, found the number 5"},
	{"displayName eq true", 16, "found true"},
	{"displayName", 1, "stands alone"},
	{"isHidden eq 'true'", 13, "is true or false, found the text 'true'"},
	{"isHidden gt true", 1, "has no order"},
	{"state gt 'delivered'", 1, "has no order"},
	{"state eq 'gone'", 10, "'gone' is no value of the property 'state'. It has: submitted, delivered or deliveryFailed."},
	{"contains(state,'x')", 10, "looks into text"},
	{"priority eq 1.5", 13, "a whole number"},
	{"priority eq 9223372036854775808", 13, "a whole number"},
	{"priority eq duration'P1D'", 13, "found the duration 'P1D'"},
	{"priority gt null", 13, "Nothing is greater or less than null"},
	{"tolower(priority) eq '1'", 9, "is not text"},
	{"createdDateTime gt 'yesterday'", 20, "is a time such as"},
	{"createdDateTime gt 5", 20, "found the number 5"},
	{"endswith(displayName,'x')", 1, "The function 'endswith' is not supported; startswith and contains are."},
}

func TestBadFilters(t *testing.T) {
	for _, tc := range badFilters {
		f, err := ParseFilter(tc.filter)
		if err == nil {
			_, err = f.Resolve(testProperties.Lookup, testProperties.Names()...)
		}
		checkError(t, tc.filter, err, "$filter", tc.column, tc.want)
	}
}

// checkError checks that err is an *Error with that place and a part of that message.
func checkError(t *testing.T, input string, err error, option string, column int, want string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("%.80s\ngot %v, want an *Error with %q", input, err, want)
		return
	}
	if e.Option != option || e.Column != column || !strings.Contains(e.Message, want) {
		t.Errorf("%.80s\ngot  %v\nwant %s, column %d: … %s …", input, e, option, column, want)
	}
	if len(e.Message) > 1000 {
		t.Errorf("%.80s\nthe message has %d bytes", input, len(e.Message))
	}
}

func TestResolveWithoutAnyProperty(t *testing.T) {
	f, err := ParseFilter("a eq 1")
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Resolve(Properties{}.Lookup)
	checkError(t, "a eq 1", err, "$filter", 1, "Filter on property 'a' is not supported. No property can be used here.")
}

// TestFiltersPrint prints random trees and reads them again.
func TestFiltersPrint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := &Filter{root: drawNode(t, 4)}
		got, err := ParseFilter(want.String())
		if err != nil {
			t.Fatalf("%s\n%v", want, err)
		}
		if diff := cmp.Diff(tree(want.root), tree(got.root)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", want, diff)
		}
	})
}

func drawNode(t *rapid.T, depth int) node {
	kinds := []string{"comparison", "in", "call", "truth"}
	if depth > 0 {
		kinds = append(kinds, "and", "or", "not", "test")
	}
	left := operand{
		path: rapid.SampledFrom([]string{"a", "b/c", "d/e/f"}).Draw(t, "path"),
		fold: rapid.SampledFrom([]string{"", "", "tolower", "toupper"}).Draw(t, "fold"),
	}
	switch kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind {
	case "comparison":
		op := rapid.SampledFrom([]query.Op{query.Eq, query.Ne, query.Gt, query.Ge, query.Lt, query.Le}).Draw(t, "op")
		return &comparison{left: left, op: op, right: drawLiteral(t)}
	case "in":
		return &membership{left: left, list: rapid.SliceOfN(rapid.Custom(drawLiteral), 1, 4).Draw(t, "list")}
	case "call":
		name := rapid.SampledFrom([]string{"startswith", "endswith", "contains"}).Draw(t, "name")
		return &call{name: name, left: left, right: literal{kind: literalString, text: rapid.String().Draw(t, "text")}}
	case "not":
		return &negation{part: drawNode(t, depth-1)}
	case "test":
		part := drawNode(t, depth-1)
		if _, ok := part.(*truth); ok { // that would be a comparison
			return part
		}
		return &test{part: part, want: rapid.Bool().Draw(t, "want")}
	case "and", "or":
		n := &logical{op: kind}
		for range rapid.IntRange(2, 3).Draw(t, "parts") {
			n.parts = append(n.parts, drawNode(t, depth-1))
		}
		return n
	}
	return &truth{left: left}
}

func drawLiteral(t *rapid.T) literal {
	return rapid.OneOf(
		rapid.Just(literal{kind: literalNull, text: "null"}),
		rapid.Just(literal{kind: literalBool, text: "true"}),
		rapid.Just(literal{kind: literalNumber, text: "-1.5e-3"}),
		rapid.Just(literal{kind: literalGUID, text: guid}),
		rapid.Just(literal{kind: literalTime, text: "2026-01-31T12:00:00.5Z"}),
		rapid.Just(literal{kind: literalDuration, text: "P1D"}),
		rapid.Just(literal{kind: literalEnum, text: "it's", typ: "a.b"}),
		rapid.Map(rapid.String(), func(s string) literal { return literal{kind: literalString, text: s} }),
	).Draw(t, "literal")
}

// tree shows a node without columns and with all groups.
func tree(n node) string {
	switch n := n.(type) {
	case *logical:
		var b strings.Builder
		for _, p := range n.parts {
			b.WriteString(" " + tree(p))
		}
		return "[" + n.op + b.String() + "]"
	case *negation:
		return "[not " + tree(n.part) + "]"
	case *test:
		return fmt.Sprintf("[is %v %s]", n.want, tree(n.part))
	}
	var b strings.Builder
	n.write(&b)
	return fmt.Sprintf("[%T %s]", n, b.String())
}

func FuzzFilter(f *testing.F) {
	for _, tc := range goodFilters {
		f.Add(tc.filter)
	}
	for _, tc := range badFilters {
		f.Add(tc.filter)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > MaxQueryBytes/2 {
			return
		}
		filter, err := ParseFilter(text)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		again, err := ParseFilter(filter.String())
		if err != nil {
			t.Fatalf("%q is read, but %q is not: %v", text, filter, err)
		}
		if diff := cmp.Diff(tree(filter.root), tree(again.root)); diff != "" {
			t.Errorf("%q is read as %q (-first +second)\n%s", text, filter, diff)
		}
		e, err := filter.Resolve(testProperties.Lookup, testProperties.Names()...)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		query.Holds(e, func(string) query.Value { return nil })
	})
}

// checkRefusal checks what every refusal has.
func checkRefusal(t *testing.T, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Option == "" || e.Message == "" || e.Column < 0 || len(e.Message) > 1000 {
		t.Errorf("not a proper refusal: %#v", err)
	}
}

func BenchmarkParseFilter(b *testing.B) {
	for _, bm := range []struct{ name, filter string }{
		{"Short", "accessPackage/id eq '" + guid + "' and state eq 'delivered'"},
		{"Most", strings.Repeat("a eq 'x' or ", MaxFilterNodes/2-1) + "a eq 'x'"},
		{"LongText", "a eq '" + strings.Repeat("''", MaxQueryBytes/2-4) + "'"},
		{"LongRefused", strings.Repeat("(not ", MaxQueryBytes/5)},
		{"LongWord", strings.Repeat("a/", MaxQueryBytes/2-1) + "a"},
		{"Lists", strings.Repeat("a in ("+strings.Repeat("1,", 99)+"1) or ", 76) + "a"},
		{"Quotes", strings.Repeat("a eq '' ", MaxQueryBytes/8)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.SetBytes(int64(len(bm.filter)))
			for b.Loop() {
				_, _ = ParseFilter(bm.filter)
			}
		})
	}
}
