package modelstore

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"time"

	"anteroom/internal/entitlement"
	"anteroom/internal/query"
	"anteroom/internal/store/storetest"
)

// dice make objects and queries at random, of few values, so that they meet.
type dice struct{ *rand.Rand }

// words differ in case where text is compared without regard to it.
var words = []string{"", "Finance", "finance", "FINANCE emea", "fin_", "ä", "Ä b", "zebra"}

// plainWords do not: how the words of an enum compare in another case is not promised.
var plainWords = []string{"", "one", "two", "three"}

func pick[T any](d *dice, list []T) T { return list[d.IntN(len(list))] }

func (d *dice) id() entitlement.ID { return storetest.ID("thing", d.IntN(8)) }

func (d *dice) time() time.Time {
	return sampleTime.Add(time.Duration(d.IntN(4)) * time.Microsecond)
}

// fill gives a value to each member of v.
func (d *dice) fill(v reflect.Value) {
	switch v.Interface().(type) {
	case time.Time:
		if d.IntN(3) > 0 {
			v.Set(reflect.ValueOf(d.time()))
		}
		return
	case entitlement.ID:
		if d.IntN(4) > 0 {
			v.SetString(string(d.id()))
		}
		return
	case entitlement.AssignmentState:
		v.SetString(string(pick(d, entitlement.AssignmentStates)))
		return
	case string:
		v.SetString(pick(d, words))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(pick(d, plainWords))
	case reflect.Bool:
		v.SetBool(d.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(d.IntN(3)))
	case reflect.Pointer:
		if d.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			d.fill(v.Elem())
		}
	case reflect.Slice:
		if n := d.IntN(3); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				d.fill(v.Index(i))
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			d.fill(v.Field(i))
		}
	default:
		panic("modelstore: nothing to fill a " + v.Type().String() + " with")
	}
}

// filter makes a filter over the paths, whose names are given in order.
func (d *dice) filter(paths map[string]path, names []string, depth int) query.Expr {
	if depth > 0 {
		switch d.IntN(5) {
		case 0, 1:
			parts := make([]query.Expr, d.IntN(4))
			for i := range parts {
				parts[i] = d.filter(paths, names, depth-1)
			}
			if d.IntN(2) == 0 {
				return &query.And{Parts: parts}
			}
			return &query.Or{Parts: parts}
		case 2:
			return &query.Not{Part: d.filter(paths, names, depth-1)}
		}
	}
	name := pick(d, names)
	k := paths[name].kind
	switch d.IntN(6) {
	case 0:
		in := &query.In{Path: name}
		for range d.IntN(4) {
			in.Values = append(in.Values, d.literal(k))
		}
		return in
	case 1:
		if s, ok := d.literal(k).(string); ok && (k == kindID || k == kindText) {
			from := []rune(s)
			return &query.Match{Path: name, Kind: pick(d, []query.MatchKind{query.StartsWith, query.Contains}), Text: string(from[:d.IntN(len(from)+1)])}
		}
	case 2, 3:
		if k != kindFlag && k != kindLink {
			return &query.Compare{Path: name, Op: pick(d, []query.Op{query.Ne, query.Lt, query.Le, query.Gt, query.Ge}), Value: d.literal(k)}
		}
	}
	return query.Equal(name, d.literal(k))
}

func (d *dice) literal(k kind) query.Value {
	if k != kindLink && d.IntN(8) == 0 {
		return nil
	}
	switch k {
	case kindID, kindLink:
		if d.IntN(4) == 0 {
			return strings.ToUpper(string(d.id()))
		}
		return string(d.id())
	case kindTime:
		return d.time()
	case kindFlag:
		return d.IntN(2) == 0
	case kindWord:
		return pick(d, append(plainWords, "delivered", "expired"))
	}
	return pick(d, words)
}

// order makes an order over the paths.
func (d *dice) order(paths map[string]path, names []string) (order []query.Order) {
	for range d.IntN(3) {
		name := pick(d, names)
		if k := paths[name].kind; k != kindFlag && k != kindLink {
			order = append(order, query.Order{Path: name, Descending: d.IntN(2) == 0})
		}
	}
	return order
}
