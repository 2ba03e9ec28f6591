package odata

import (
	"strings"

	"anteroom/internal/query"
)

// OrderItem is one key of $orderby.
type OrderItem struct {
	// Path is the property as it was written.
	Path       string
	Descending bool
	// Column is where it stands in $orderby, or in $expand.
	Column int

	option string
}

func readOrderBy(o *Options, v value) error {
	items, err := v.split(',')
	if err != nil {
		return err
	}
	if len(items) > MaxOrderByItems {
		return v.errorf(0, "There are %d keys; at most %d are read.", len(items), MaxOrderByItems)
	}
	for _, item := range items {
		fields := strings.FieldsFunc(item.text, func(r rune) bool { return r == ' ' || r == '\t' })
		key := OrderItem{Path: fields[0], Column: item.base + 1, option: item.option}
		if !validPath(key.Path) {
			return item.errorf(0, "%s is no property that can be ordered by; write names with commas between them, such as displayName desc,id.", quote(key.Path))
		}
		switch {
		case len(fields) == 1 || len(fields) == 2 && strings.EqualFold(fields[1], "asc"):
		case len(fields) == 2 && strings.EqualFold(fields[1], "desc"):
			key.Descending = true
		default:
			return item.errorf(0, "Found %s, expected a property and, if need be, asc or desc.", quote(item.text))
		}
		for _, other := range o.OrderBy {
			if strings.EqualFold(other.Path, key.Path) {
				return item.errorf(0, "The property %s is there twice.", quote(key.Path))
			}
		}
		o.OrderBy = append(o.OrderBy, key)
	}
	return nil
}

// ResolveOrder finds the properties of $orderby; see Filter.Resolve for lookup and
// supported, which may be others than those of a filter.
func ResolveOrder(items []OrderItem, lookup func(path string) (Property, bool), supported ...string) ([]query.Order, error) {
	order := make([]query.Order, 0, len(items))
	for _, item := range items {
		p, ok := lookup(item.Path)
		if !ok {
			return nil, errorf(item.option, item.Column, "Order by property %s is not supported. %s", quote(item.Path), supportedPaths(supported))
		}
		order = append(order, query.Order{Path: p.Path, Descending: item.Descending})
	}
	return order, nil
}
