package engine

import (
	"bytes"
	"encoding/json"
	"net/url"
	"reflect"
	"strings"
	"time"

	"anteroom/internal/entitlement"
)

// maxValue is the longest value of a changed member that a record keeps, in bytes.
const maxValue = 8 << 10

// tooLong stands in the place of a longer one.
const tooLong = `"…"`

// changesOf lists the members of an object that an update has changed, by the names of the
// Go members, which are those of Graph with a capital.
//
// graph: modifiedProperty
func changesOf(before, after any) (list []entitlement.RecordChange) {
	if before == nil || after == nil {
		return nil
	}
	was, is := reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem()
	shownWas, shownIs := reflect.ValueOf(public(before)).Elem(), reflect.ValueOf(public(after)).Elem()
	for i := range was.NumField() {
		f := was.Type().Field(i)
		if f.Anonymous || f.Name == "ModifiedBy" || reflect.DeepEqual(was.Field(i).Interface(), is.Field(i).Interface()) {
			continue
		}
		list = append(list, entitlement.RecordChange{Name: f.Name, Old: valueOf(shownWas.Field(i)), New: valueOf(shownIs.Field(i))})
	}
	return list
}

// public is an object without what may be a secret: the address of an endpoint often holds
// one, in its path or query, and is cut down to its host.
func public(obj any) any {
	x, ok := obj.(*entitlement.Extension)
	if !ok {
		return obj
	}
	shown := *x
	shown.Endpoint.URL = ""
	if u, err := url.Parse(x.Endpoint.URL); err == nil {
		shown.Endpoint.URL = u.Scheme + "://" + u.Host + "/…"
	}
	return &shown
}

// valueOf is the JSON of a member, empty where it has no value.
func valueOf(v reflect.Value) string {
	x := plain(v)
	if x == nil {
		return ""
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(x); err != nil || b.Len() > maxValue {
		return tooLong
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// plain is a value as maps, lists and scalars: members of structs under the names of Graph,
// times and durations in the forms of Graph, and nothing where there is none.
func plain(v reflect.Value) any {
	switch x := v.Interface().(type) {
	case time.Time:
		if x.IsZero() {
			return nil
		}
		return x.UTC().Format(time.RFC3339Nano)
	case time.Duration:
		if x == 0 {
			return nil
		}
		return entitlement.FormatDuration(x)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	case reflect.Slice:
		if v.Len() == 0 {
			return nil
		}
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plain(v.Index(i))
		}
		return list
	case reflect.Struct:
		members := make(map[string]any)
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !v.Field(i).IsZero() {
				members[memberName(f.Name)] = plain(v.Field(i))
			}
		}
		return members
	case reflect.String:
		if v.String() == "" {
			return nil
		}
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int64:
		return v.Int()
	}
	return nil
}

// memberName is the name of a Go member as Graph writes names.
func memberName(name string) string {
	if strings.ToUpper(name) == name {
		return strings.ToLower(name) // ID, URL
	}
	if cut, ok := strings.CutSuffix(name, "ID"); ok {
		name = cut + "Id"
	}
	return strings.ToLower(name[:1]) + name[1:]
}
