package storetest

import (
	"fmt"
	"reflect"
	"time"

	"anteroom/internal/entitlement"
)

// moment is a time that microseconds can hold.
var moment = time.Date(2026, 11, 24, 9, 30, 15, 123456000, time.UTC)

// Filled returns an object whose every member is set, to values that follow from n and
// the member's name.
func Filled[T any](n int) *T {
	o := new(T)
	fill(reflect.ValueOf(o).Elem(), "", n)
	if m, ok := any(o).(interface{ Meta() *entitlement.Object }); ok {
		m.Meta().ID = ID("id", n)
		m.Meta().Version = 0
	}
	return o
}

// ID makes an id of a name and a number.
func ID(name string, n int) entitlement.ID {
	sum := uint32(2166136261)
	for i := range len(name) {
		sum = (sum ^ uint32(name[i])) * 16777619
	}
	return entitlement.ID(fmt.Sprintf("%08x-0000-7000-8000-%012x", sum, n))
}

func fill(v reflect.Value, name string, n int) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(moment.Add(time.Duration(n) * time.Second)))
		return
	case time.Duration:
		v.SetInt(int64(90*time.Minute) + int64(n))
		return
	case entitlement.ID:
		v.SetString(string(ID(name, n)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("%s %d", name, n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(n) + 1)
	case reflect.Uint8:
		v.SetUint(uint64(n) + 1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name, n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name, n)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), v.Type().Field(i).Name, n)
		}
	default:
		panic(fmt.Sprintf("storetest: cannot fill a %s", v.Type()))
	}
}
