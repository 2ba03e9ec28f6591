package odata

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func name(n string) Segment   { return Segment{Name: n} }
func key(n, k string) Segment { return Segment{Name: n, Key: k, HasKey: true} }

func function(n string, args ...string) Segment {
	s := Segment{Name: n, Args: map[string]string{}}
	for i := 0; i < len(args); i += 2 {
		s.Args[args[i]] = args[i+1]
	}
	return s
}

var goodPaths = []struct {
	path string
	want []Segment
}{
	{"", nil},
	{"/", nil},
	{"/v1.0", []Segment{name("v1.0")}},
	{"v1.0/catalogs", []Segment{name("v1.0"), name("catalogs")}},
	{"/catalogs/", []Segment{name("catalogs")}},
	{"/catalogs/" + guid, []Segment{name("catalogs"), name(guid)}},
	{"/catalogs('" + guid + "')", []Segment{key("catalogs", guid)}},
	{"/catalogs(" + guid + ")", []Segment{key("catalogs", guid)}},
	{"/catalogs(%27" + guid + "%27)/accessPackages", []Segment{key("catalogs", guid), name("accessPackages")}},
	{"/catalogs%28%27a%27%29", []Segment{key("catalogs", "a")}},
	{"/catalogs( 'a' )", []Segment{key("catalogs", "a")}},
	{"/catalogs('O''Neil,(x)=')", []Segment{key("catalogs", "O'Neil,(x)=")}},
	{"/catalogs(id='a')", []Segment{function("catalogs", "id", "a")}},
	{"/requests/filterByCurrentUser(on='target')", []Segment{name("requests"), function("filterByCurrentUser", "on", "target")}},
	{"/f(on=%27target%27)/$count", []Segment{function("f", "on", "target"), name("$count")}},
	{
		"/additionalAccess(accessPackageId='a',incompatibleAccessPackageId='b')",
		[]Segment{function("additionalAccess", "accessPackageId", "a", "incompatibleAccessPackageId", "b")},
	},
	{
		"/additionalAccess(incompatibleAccessPackageId=%27b%27,accessPackageId='a')/$count",
		[]Segment{function("additionalAccess", "accessPackageId", "a", "incompatibleAccessPackageId", "b"), name("$count")},
	},
	{"/additionalAccess(a=x, b = 'y' )", []Segment{function("additionalAccess", "a", "x", "b", "y")}},
	{"/additionalAccess()", []Segment{function("additionalAccess")}},
	{"/groups/a/members/b/$ref", []Segment{name("groups"), name("a"), name("members"), name("b"), name("$ref")}},
	{"/users/o'neil@example.org", []Segment{name("users"), name("o'neil@example.org")}},
	{"/users/a+b%20c", []Segment{name("users"), name("a+b c")}},
	{"/a%252Fb", []Segment{name("a%2Fb")}}, // decoded once only
	{"/...", []Segment{name("...")}},
	{"/%E6%97%A5", []Segment{name("日")}},
}

func TestParsePath(t *testing.T) {
	for _, tc := range goodPaths {
		got, err := ParsePath(tc.path)
		if err != nil {
			t.Errorf("%s\n%v", tc.path, err)
			continue
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tc.path, diff)
		}
	}
}

var badPaths = []struct {
	path   string
	column int
	want   string
}{
	{"/requests/" + guid + "%2Fresume", 11, "encoded slash"},
	{"/requests/" + guid + "%2fresume", 11, "encoded slash"},
	{"/a%5Cb", 2, "backslash"},
	{`/a\b`, 2, "backslash"},
	{"/catalogs('a%2Fb')", 2, "encoded slash"},
	{"/a%00", 2, "control character"},
	{"/a\x00", 2, "control character"},
	{"/a%0d%0aX:1", 2, "control character"},
	{"/a%7f", 2, "control character"},
	{"/a/./b", 4, "'.'"},
	{"/a/../b", 4, "'..'"},
	{"/a/%2e%2E/b", 4, "'%2e%2E'"},
	{"/a/.%2e", 4, "'.%2e'"},
	{"/..('a')", 2, "no name"},
	{"//", 2, "two slashes"},
	{"//a", 2, "two slashes"},
	{"/a//b", 4, "two slashes"},
	{"/a//", 4, "two slashes"},
	{"/a%", 2, "not percent-encoded"},
	{"/a%zz", 2, "'%zz'"},
	{"/a%ff", 2, "not UTF-8"},
	{"/a%c0%af", 2, "not UTF-8"}, // an overlong slash
	{"/a%ed%a0%80", 2, "not UTF-8"},
	{"/('a')", 2, "no name"},
	{"/catalogs('a'", 2, "does not end with ')'"},
	{"/catalogs('a')b", 2, "does not end with ')'"},
	{"/catalogs)", 2, "does not open"},
	{"/catalogs('a)", 2, "without a closing quote"},
	{"/catalogs('a'b)", 2, "behind a text"},
	{"/catalogs('')", 2, "empty text"},
	{"/catalogs(a'b)", 2, "put it in quotes"},
	{"/catalogs((a))", 2, "put it in quotes"},
	{"/catalogs('a','b')", 2, "without a name"},
	{"/f(a='x','y')", 2, "without a name"},
	{"/f(a='x',)", 2, "without a value"},
	{"/f(a=)", 2, "without a value"},
	{"/f(a='x',A='y')", 2, "'A' twice"},
	{"/f(a='x',+b='c')", 2, "put it in quotes"}, // a plus is no space in a path
	{"/f(on=@p)", 2, "alias '@p'"},
	{strings.Repeat("/a", MaxSegments+1), 2*MaxSegments + 2, "more than 32 segments"},
	{"/" + strings.Repeat("a", MaxPathBytes), 0, "at most 2048"},
}

func TestBadPaths(t *testing.T) {
	for _, tc := range badPaths {
		_, err := ParsePath(tc.path)
		checkError(t, tc.path, err, "path", tc.column, tc.want)
	}
}

func TestArg(t *testing.T) {
	s := function("f", "On", "target")
	if v, ok := s.Arg("on"); v != "target" || !ok {
		t.Errorf("got %q, %v", v, ok)
	}
	if v, ok := s.Arg("off"); v != "" || ok {
		t.Errorf("got %q, %v", v, ok)
	}
}

func FuzzPath(f *testing.F) {
	for _, tc := range goodPaths {
		f.Add(tc.path)
	}
	for _, tc := range badPaths {
		f.Add(tc.path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		segments, err := ParsePath(path)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		check := func(s string) {
			if strings.ContainsAny(s, `/\`) || strings.ContainsFunc(s, unicode.IsControl) || !utf8.ValidString(s) {
				t.Errorf("%q gives %q", path, s)
			}
		}
		for _, s := range segments {
			if s.Name == "" || s.Name == "." || s.Name == ".." || s.HasKey && (s.Args != nil || s.Key == "") {
				t.Errorf("%q gives %+v", path, s)
			}
			check(s.Name)
			check(s.Key)
			for n, v := range s.Args {
				check(n)
				check(v)
			}
		}
	})
}
