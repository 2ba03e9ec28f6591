package modelstore

import (
	"fmt"
	"reflect"
	"time"
)

// copier copies objects of one type, so that the copy shares nothing with the original.
type copier[T any] struct {
	in, out mend // nil where an assignment is all that it takes
}

// mend makes a value that was assigned share nothing with the original. The value can be
// set.
type mend func(reflect.Value)

func copierOf[T any]() copier[T] {
	t := reflect.TypeFor[T]()
	return copier[T]{in: mendOf(t, true), out: mendOf(t, false)}
}

// keep copies an object on its way into the store.
func (c copier[T]) keep(o *T) *T { return copied(o, c.in) }

// give copies an object on its way out.
func (c copier[T]) give(o *T) *T { return copied(o, c.out) }

func copied[T any](o *T, m mend) *T {
	n := new(*o)
	if m != nil {
		m(reflect.ValueOf(n).Elem())
	}
	return n
}

// micro is a time as an SQL store returns it.
func micro(t time.Time) time.Time { return time.UnixMicro(t.UnixMicro()).UTC() }

// mendOf returns what a value of the type needs; times says that times need micro.
func mendOf(t reflect.Type, times bool) mend {
	if t == reflect.TypeFor[time.Time]() {
		if !times {
			return nil
		}
		return func(v reflect.Value) {
			p, _ := reflect.TypeAssert[*time.Time](v.Addr())
			*p = micro(*p)
		}
	}
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Int, reflect.Int64, reflect.Uint8, reflect.Float64:
		return nil
	case reflect.Struct:
		return mendStruct(t, times)
	case reflect.Pointer:
		return mendPointer(t, mendOf(t.Elem(), times))
	case reflect.Slice:
		return mendSlice(t, mendOf(t.Elem(), times))
	}
	panic(fmt.Sprintf("modelstore: no way is known to copy a %s", t))
}

func mendStruct(t reflect.Type, times bool) mend {
	type part struct {
		field int
		mend  mend
	}
	var parts []part
	for i := range t.NumField() {
		if !t.Field(i).IsExported() {
			panic(fmt.Sprintf("modelstore: no way is known to copy the member %s of a %s", t.Field(i).Name, t))
		}
		if m := mendOf(t.Field(i).Type, times); m != nil {
			parts = append(parts, part{i, m})
		}
	}
	if parts == nil {
		return nil
	}
	return func(v reflect.Value) {
		for i := range parts {
			parts[i].mend(v.Field(parts[i].field))
		}
	}
}

func mendPointer(t reflect.Type, elem mend) mend {
	return func(v reflect.Value) {
		if v.IsNil() {
			return
		}
		n := reflect.New(t.Elem())
		n.Elem().Set(v.Elem())
		if elem != nil {
			elem(n.Elem())
		}
		v.Set(n)
	}
}

func mendSlice(t reflect.Type, elem mend) mend {
	return func(v reflect.Value) {
		if v.IsNil() {
			return
		}
		n := reflect.MakeSlice(t, v.Len(), v.Len())
		reflect.Copy(n, v)
		if elem != nil {
			for i := range n.Len() {
				elem(n.Index(i))
			}
		}
		v.Set(n)
	}
}
