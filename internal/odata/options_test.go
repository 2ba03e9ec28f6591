package odata

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anteroom/internal/query"
)

// show writes options on one line, for comparison.
func show(o *Options) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if o.Select != nil {
		add("select=%s", strings.Join(o.Select, ","))
	}
	for _, e := range o.Expand {
		add("expand=%s(%s)", e.Path, show(e.Options))
	}
	if o.Filter != nil {
		add("filter=%s", o.Filter)
	}
	for _, k := range o.OrderBy {
		add("orderby=%s:%v@%d", k.Path, k.Descending, k.Column)
	}
	if o.Top != nil {
		add("top=%d", *o.Top)
	}
	if o.Skip != nil {
		add("skip=%d", *o.Skip)
	}
	if o.SkipToken != "" {
		add("skiptoken=%s", o.SkipToken)
	}
	if o.Count {
		add("count")
	}
	if o.Search != "" {
		add("search=%s", o.Search)
	}
	return strings.Join(parts, " ")
}

var goodQueries = []struct{ query, want string }{
	{"", ""},
	{"&&", ""},
	{"?", ""}, // a custom option with that name
	{"%24filter=displayName+eq+%27tf+catalog%27", "filter=displayName eq 'tf catalog'"},
	{"$filter=displayName%20eq%20'x'&$top=5", "filter=displayName eq 'x' top=5"},
	{"filter=a%20eq%201&top=0", "filter=a eq 1 top=0"},
	{"$FILTER=a eq 1&Top=999", "filter=a eq 1 top=999"},
	{"api-version=1.0&pretty&custom=a&custom=b", ""},
	{"deltatoken=x", ""},
	{"$select=id,displayName", "select=id,displayName"},
	{"$select=id,%20displayName+,a/b", "select=id,displayName,a/b"},
	{"$select=*", "select=*"},
	{"$expand=accessPackage,target", "expand=accessPackage() expand=target()"},
	{"$expand=*", "expand=*()"},
	{
		"$expand=accessPackage,customExtensionStageSettings%28$expand%3DcustomExtension%29",
		"expand=accessPackage() expand=customExtensionStageSettings(expand=customExtension())",
	},
	{
		"$expand=resourceRoleScopes(expand=role,scope;$select=id;$top=3)",
		"expand=resourceRoleScopes(select=id expand=role() expand=scope() top=3)",
	},
	{
		"$expand=files($filter=name%20eq%20'a;b)(,';$orderby=name%20desc;$count=true)&$count=true",
		"expand=files(filter=name eq 'a;b)(,' orderby=name:true@41 count) count",
	},
	{"$expand=a($expand=b($expand=c))", "expand=a(expand=b(expand=c()))"},
	{"$orderby=displayName", "orderby=displayName:false@1"},
	{"$orderby=displayName%20DESC,%20id+asc", "orderby=displayName:true@1 orderby=id:false@19"},
	{"$count=TRUE", "count"},
	{"$count=false", ""},
	{"$skip=10&$skiptoken=abc_-", "skip=10 skiptoken=abc_-"},
	{"$search=%22displayName:a%20b%22", `search="displayName:a b"`},
	{"$format=application/json;odata.metadata=none", ""},
}

func TestParse(t *testing.T) {
	for _, tc := range goodQueries {
		o, err := Parse(tc.query)
		if err != nil {
			t.Errorf("%s\n%v", tc.query, err)
			continue
		}
		if diff := cmp.Diff(tc.want, show(o)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tc.query, diff)
		}
	}
}

var badQueries = []struct {
	query  string
	option string
	column int
	want   string
}{
	{"$filter=a%20eq", "$filter", 5, "Found the end"},
	{"$filter=", "$filter", 0, "has no value"},
	{"$select", "$select", 0, "has no value"},
	{"$filter=a%20eq%201&filter=a%20eq%202", "$filter", 0, "given twice"},
	{"%24top=1&$TOP=1", "$top", 0, "given twice"},
	{"$apply=x", "$apply", 0, "'$apply' is not supported; supported are $select, $expand, "},
	{"$deltatoken=x", "$deltatoken", 0, "not supported"},
	{"$=x", "$", 0, "not supported"},
	{"=x", "query", 0, "without a proper name"},
	{"%zz=1", "query", 0, "not percent-encoded"},
	{"filter=%zz", "$filter", 0, "not percent-encoded as it should be: '%zz'"},
	{"custom=%2", "custom", 0, "'%2'"},
	{"$filter=%ff", "$filter", 0, "not UTF-8"},
	{"$filter=a%20eq%20'%00'", "$filter", 7, "control character U+0000"},
	{"$search=a%0ab", "$search", 2, "control character U+000A"},
	{"$top=1000", "$top", 1, "'1000' is not a whole number from 0 to 999"},
	{"$top=-1", "$top", 1, "from 0 to 999"},
	{"$top=%2B1", "$top", 1, "from 0 to 999"},
	{"$top=all", "$top", 1, "from 0 to 999"},
	{"$skip=99999999999999999999", "$skip", 1, "from 0 to 2147483647"},
	{"$count=1", "$count", 1, "neither true nor false"},
	{"$format=xml", "$format", 1, "json is"},
	{"$select=id,", "$select", 4, "nothing before or after a ','"},
	{"$select=a(b)", "$select", 1, "no property that can be selected"},
	{"$select=" + strings.Repeat("a,", MaxSelectItems) + "a", "$select", 1, "at most 100"},
	{"$orderby=a%20up", "$orderby", 1, "asc or desc"},
	{"$orderby=a,tolower(b)", "$orderby", 3, "no property that can be ordered by"},
	{"$orderby=a,A%20desc", "$orderby", 3, "there twice"},
	{"$orderby=%C2%A0", "$orderby", 0, "has no value"},
	{"$orderby=a,%C2%A0", "$orderby", 3, "no property"},
	{"$orderby=a,b,c,d,e,f", "$orderby", 1, "at most 5"},
	{"$expand=a(", "$expand", 3, "expected ')'"},
	{"$expand=a)", "$expand", 2, "was not opened"},
	{"$expand=a()", "$expand", 3, "nothing before or after a ';'"},
	{"$expand=a($select=b)c", "$expand", 14, "expected ')'"},
	{"$expand=a($select)", "$expand", 3, "expected an option and its value"},
	{"$expand=a($select=)", "$expand", 0, "$select has no value"},
	{"$expand=a($levels=2)", "$expand", 3, "no option '$levels' within $expand"},
	{"$expand=a(b=2)", "$expand", 3, "no option 'b' within $expand"},
	{"$expand=a($skiptoken=2)", "$expand", 3, "no option '$skiptoken'"},
	{"$expand=a($top=1;top=2)", "$expand", 0, "$top is given twice"},
	{"$expand=a($filter=b%20eq)", "$expand", 15, "Found the end"},
	{"$expand=a,b($filter=b%20eq%20'x)", "$expand", 18, "no closing quote"},
	{"$expand=a($filter=b%20is%201)", "$expand", 13, "Found 'is'"},
	{"$expand=a,A", "$expand", 3, "there twice"},
	{"$expand=a/$ref", "$expand", 1, "cannot be expanded"},
	{"$expand=a%20b", "$expand", 1, "is no navigation"},
	{"$expand=a($expand=b($expand=c($expand=d)))", "$expand", 31, "nested more than 3 levels"},
	{"$expand=a,b,c,d,e,f,g,h,i,j,k", "$expand", 21, "more than 10 navigations"},
	{"$expand=a($expand=b,c,d,e,f),g($expand=h,i,j,k)", "$expand", 38, "more than 10 navigations"},
	{"$search=" + strings.Repeat("a", MaxSearchBytes+1), "$search", 1, "at most 256"},
	{"$skiptoken=" + strings.Repeat("a", MaxTokenBytes+1), "$skiptoken", 1, "not valid here"},
	{"a=" + strings.Repeat("a", MaxQueryBytes), "query", 0, "at most 16384"},
}

func TestBadQueries(t *testing.T) {
	for _, tc := range badQueries {
		_, err := Parse(tc.query)
		checkError(t, tc.query, err, tc.option, tc.column, tc.want)
	}
}

func TestGiven(t *testing.T) {
	o, err := Parse("top=1&custom=1&%24Filter=a")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"$top", "$filter"}, o.Given); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !o.Has("$top") || o.Has("$skip") {
		t.Error("Has differs from Given")
	}
}

func TestResolveOrder(t *testing.T) {
	o, err := Parse("$orderby=DisplayName%20desc,createdDateTime")
	if err != nil {
		t.Fatal(err)
	}
	got, err := ResolveOrder(o.OrderBy, testProperties.Lookup, testProperties.Names()...)
	if err != nil {
		t.Fatal(err)
	}
	want := []query.Order{{Path: "displayName", Descending: true}, {Path: "createdDateTime"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	o, err = Parse("$orderby=id,nope")
	if err != nil {
		t.Fatal(err)
	}
	_, err = ResolveOrder(o.OrderBy, testProperties.Lookup, "id")
	checkError(t, "id,nope", err, "$orderby", 4, "Order by property 'nope' is not supported. Supported here: id.")
}

func TestNextLink(t *testing.T) {
	const base = "https://example.org/v1.0/catalogs"
	for _, tc := range []struct{ query, want string }{
		{"", "?$skiptoken=T_-"},
		{"$top=5", "?$top=5&$skiptoken=T_-"},
		{"$skiptoken=old&$top=5", "?$top=5&$skiptoken=T_-"},
		{"%24SkipToken=old&skiptoken=x", "?$skiptoken=T_-"},
		{"%24filter=displayName+eq+%27a%26b%27&$count=true", "?$filter=displayName%20eq%20%27a%26b%27&$count=true&$skiptoken=T_-"},
		{"$expand=a($expand=b;$top=1),c/d", "?$expand=a($expand%3Db%3B$top%3D1),c/d&$skiptoken=T_-"},
		{"api-version=a%2Bb&flag", "?api-version=a%2Bb&flag=&$skiptoken=T_-"},
		{"$filter=a eq 'é'", "?$filter=a%20eq%20%27%C3%A9%27&$skiptoken=T_-"},
		{"a=%zz&$top=1", "?$top=1&$skiptoken=T_-"},
	} {
		if got := NextLink(base, tc.query, "T_-"); got != base+tc.want {
			t.Errorf("%s\ngot  %s\nwant %s", tc.query, got, base+tc.want)
		}
	}
}

func FuzzQuery(f *testing.F) {
	for _, tc := range goodQueries {
		f.Add(tc.query)
	}
	for _, tc := range badQueries {
		f.Add(tc.query)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		o, err := Parse(raw)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if len(raw) > MaxQueryBytes/4 {
			return // the link may be too long
		}
		link := NextLink("https://example.org/a", raw, "T")
		u, err := url.Parse(link)
		if err != nil {
			t.Fatalf("%q has the link %q: %v", raw, link, err)
		}
		if strings.ContainsAny(link, " '\"+;<>#") {
			t.Errorf("%q has the link %q", raw, link)
		}
		again, err := Parse(u.RawQuery)
		if err != nil {
			t.Fatalf("%q has the link %q: %v", raw, link, err)
		}
		o.SkipToken = "T"
		if diff := cmp.Diff(show(o), show(again)); diff != "" {
			t.Errorf("%q and the link %q differ:\n%s", raw, link, diff)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, bm := range []struct{ name, query string }{
		{"Usual", "%24filter=displayName+eq+%27tf+catalog%27&$expand=a($expand=b),c&$top=5"},
		{"ManyCustom", strings.Repeat("a&", MaxQueryBytes/2)},
		{"LongExpand", "$expand=" + strings.Repeat("a(", MaxQueryBytes/2-4)},
		{"NestedFilters", "$expand=" + strings.Repeat("a($filter=b in ("+strings.Repeat("1,", 99)+"1)),", 70)},
		{"LongOrder", "$orderby=" + strings.Repeat("a,", MaxQueryBytes/2-5)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			for b.Loop() {
				_, _ = Parse(bm.query)
			}
		})
	}
}
