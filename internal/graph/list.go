package graph

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"anteroom/internal/entitlement"
	"anteroom/internal/odata"
	"anteroom/internal/query"
)

// Sizes of a page.
const (
	defaultPage = 100
	// maxPage is the most of a page; odata refuses a greater $top.
	maxPage = odata.MaxTop
)

// collection answers with a list, and with how many there are.
type collection interface {
	list(ctx context.Context, c *call) (reply, error)
	count(ctx context.Context, c *call) (reply, error)
}

// listOf is the collection of all objects of a type, or of those in a scope.
type listOf[T any] struct {
	typ   *entityType[T]
	from  table[T]
	scope func(ctx context.Context, c *call) (query.Expr, error) // nil means all
}

func (l listOf[T]) list(ctx context.Context, c *call) (reply, error) {
	scope, err := l.scopeOf(ctx, c)
	if err != nil {
		return reply{}, err
	}
	p, err := fetchPage(ctx, c, lister(l.typ), l.from, scope)
	if err != nil {
		return reply{}, err
	}
	return writeList(ctx, c, l.typ, p.objects, p.pageInfo)
}

func (l listOf[T]) count(ctx context.Context, c *call) (reply, error) {
	scope, err := l.scopeOf(ctx, c)
	if err != nil {
		return reply{}, err
	}
	return countOf(ctx, c, lister(l.typ), l.from, scope)
}

func (l listOf[T]) scopeOf(ctx context.Context, c *call) (query.Expr, error) {
	if l.scope == nil {
		return nil, nil
	}
	return l.scope(ctx, c)
}

// within is the scope of what hangs on the object in the path.
func within(path string, parent func(ctx context.Context, c *call) (entitlement.ID, error)) func(context.Context, *call) (query.Expr, error) {
	return func(ctx context.Context, c *call) (query.Expr, error) {
		id, err := parent(ctx, c)
		return query.Equal(path, string(id)), err
	}
}

// listing says what a list can be filtered and ordered by.
type listing struct {
	filters, sorts odata.Properties
}

func lister[T any](t *entityType[T]) listing { return listing{t.filterable, t.sortable} }

// pageInfo is what a page says about its list.
type pageInfo struct {
	next  string // the link to the next page; empty on the last
	count *int
}

// page is one page of a list.
type page[T any] struct {
	objects []*T
	pageInfo
}

// fetchPage reads the page that the query options ask for, and one object more, which
// tells whether there is another page.
func fetchPage[T any](ctx context.Context, c *call, of listing, from table[T], scope query.Expr) (page[T], error) {
	var p page[T]
	if err := c.allow("$select", "$expand", "$filter", "$orderby", "$top", "$skiptoken", "$count"); err != nil {
		return p, err
	}
	filter, err := of.filter(c.opts, scope)
	if err != nil {
		return p, err
	}
	order, err := odata.ResolveOrder(c.opts.OrderBy, of.sorts.Lookup, of.sorts.Names()...)
	if err != nil {
		return p, err
	}
	size := defaultPage
	if c.opts.Top != nil {
		size = min(*c.opts.Top, maxPage)
	}
	q := query.Query{Filter: filter, Order: order, Limit: size + 1}
	tokens := tokens{c: c, order: order}
	if c.opts.SkipToken != "" {
		if q.After, err = tokens.open(ctx); err != nil {
			return p, err
		}
	}
	view := from(c.reader())
	if p.objects, err = view.List(ctx, q); err != nil {
		return p, err
	}
	if c.opts.Count && c.opts.SkipToken == "" {
		n, err := view.Count(ctx, filter)
		if err != nil {
			return p, err
		}
		p.count = &n
	}
	if len(p.objects) > size {
		p.objects = p.objects[:size]
		if size > 0 {
			at, err := view.Cursor(ctx, p.objects[size-1], order)
			if err != nil {
				return p, err
			}
			p.next, err = tokens.next(ctx, at)
			return p, err
		}
	}
	return p, nil
}

func (of listing) filter(o *odata.Options, scope query.Expr) (query.Expr, error) {
	if o.Filter == nil {
		return scope, nil
	}
	asked, err := o.Filter.Resolve(of.filters.Lookup, of.filters.Names()...)
	if err != nil {
		return nil, err
	}
	return query.Both(scope, asked), nil
}

// tokens seals and opens the skip tokens of a list.
type tokens struct {
	c     *call
	order []query.Order
}

// binding says where a token is good: the tenant, the collection, its filter and order.
func (t tokens) binding() string {
	var b strings.Builder
	b.WriteString(string(t.c.actor.Tenant) + "\n" + t.c.path(0, false))
	for _, name := range slices.Sorted(maps.Keys(t.c.args)) {
		b.WriteString("\n" + name + "=" + t.c.args[name])
	}
	if f := t.c.opts.Filter; f != nil {
		b.WriteString("\n" + f.String())
	}
	for _, o := range t.order {
		fmt.Fprintf(&b, "\n%s %t", o.Path, o.Descending)
	}
	return b.String()
}

func (t tokens) open(ctx context.Context) (*query.Cursor, error) {
	key, err := t.c.server.engine.TokenKey(ctx, t.c.actor)
	if err != nil {
		return nil, err
	}
	at, err := odata.OpenToken(key, t.binding(), t.c.opts.SkipToken)
	return &at, err
}

func (t tokens) next(ctx context.Context, at query.Cursor) (string, error) {
	key, err := t.c.server.engine.TokenKey(ctx, t.c.actor)
	if err != nil {
		return "", err
	}
	token, err := odata.SealToken(key, t.binding(), at)
	if err != nil {
		return "", err
	}
	return odata.NextLink(t.c.base+t.c.r.URL.EscapedPath(), t.c.r.URL.RawQuery, token), nil
}

// writeList answers with one page of a list.
func writeList[T any](ctx context.Context, c *call, t *entityType[T], objects []*T, p pageInfo) (reply, error) {
	v, err := t.view(c.opts)
	if err != nil {
		return reply{}, err
	}
	r, err := v.load(ctx, c, objects)
	if err != nil {
		return reply{}, err
	}
	c.openPage(t.name, v.suffix, p)
	for _, o := range objects {
		r.writeTo(c.out, o)
	}
	c.out.closeList()
	c.out.close()
	return reply{status: http.StatusOK}, nil
}

// openPage writes what stands before the objects of a page.
func (c *call) openPage(typ, suffix string, p pageInfo) {
	c.out.open()
	c.contextURL(typ, suffix, false)
	if p.count != nil {
		c.out.key("@odata.count").integer(int64(*p.count))
	}
	if p.next != "" {
		c.out.key("@odata.nextLink").text(p.next)
	}
	c.out.key("value").openList()
}

// countOf answers with how many objects there are, as plain text.
//
// graph: $count
func countOf[T any](ctx context.Context, c *call, of listing, from table[T], scope query.Expr) (reply, error) {
	if err := c.allow("$filter"); err != nil {
		return reply{}, err
	}
	filter, err := of.filter(c.opts, scope)
	if err != nil {
		return reply{}, err
	}
	n, err := from(c.reader()).Count(ctx, filter)
	if err != nil {
		return reply{}, err
	}
	c.out.buf = strconv.AppendInt(c.out.buf, int64(n), 10)
	return reply{status: http.StatusOK, media: mediaText}, nil
}
