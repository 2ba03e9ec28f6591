package graph

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/odata"
)

// view checks what is selected and expanded of a type.
//
// graph: query parameters
func (t *entityType[T]) view(o *odata.Options) (*view[T], error) {
	if len(o.Select) == 0 && len(o.Expand) == 0 {
		return &t.whole, nil
	}
	v := &view[T]{typ: t, props: t.whole.props}
	var names []string
	if len(o.Select) > 0 && !slices.Contains(o.Select, "*") {
		v.props = nil
		for _, name := range o.Select {
			p, err := t.selected(name)
			if err != nil {
				return nil, err
			}
			if p != nil && !slices.Contains(v.props, p) {
				v.props = append(v.props, p)
				names = append(names, p.name)
			}
		}
	}
	for _, item := range o.Expand {
		x, err := t.expanded(item)
		if err != nil {
			return nil, err
		}
		v.expands = append(v.expands, x)
		names = append(names, x.suffix)
	}
	if len(names) > 0 {
		v.suffix = "(" + strings.Join(names, ",") + ")"
	}
	return v, nil
}

// selected finds a property of $select. A navigation may be named too; it is shown if it
// is expanded.
func (t *entityType[T]) selected(name string) (*property[T], error) {
	for i := range t.props {
		if strings.EqualFold(t.props[i].name, name) {
			return &t.props[i], nil
		}
	}
	for i := range t.navs {
		if strings.EqualFold(t.navs[i].name, name) {
			return nil, nil
		}
	}
	return nil, noSuchProperty("$select", name, t.name)
}

func (t *entityType[T]) expanded(item odata.ExpandItem) (expansion[T], error) {
	for i := range t.navs {
		nav := &t.navs[i]
		if !strings.EqualFold(nav.name, item.Path) {
			continue
		}
		for _, given := range item.Options.Given {
			if given != "$select" && given != "$expand" {
				return expansion[T]{}, entitlement.Errorf(entitlement.CodeBadRequest, "$expand", "The query option '%s' is not supported within $expand=%s; $select and $expand are.", given, nav.name)
			}
		}
		return nav.bind(item.Options)
	}
	return expansion[T]{}, noSuchProperty("$expand", item.Path, t.name)
}

func noSuchProperty(option, name, typ string) error {
	return entitlement.Errorf(entitlement.CodeBadRequest, option, "Parsing OData Select and Expand failed: Could not find a property named '%s' on type 'microsoft.graph.%s'.", clip(name, 128), typ)
}

// writeOne answers with one object, with what $select and $expand ask for.
func writeOne[T any](ctx context.Context, c *call, t *entityType[T], o *T) (reply, error) {
	v, err := t.view(c.opts)
	if err != nil {
		return reply{}, err
	}
	return writeEntity(ctx, c, v, o, http.StatusOK)
}

func writeEntity[T any](ctx context.Context, c *call, v *view[T], o *T, status int) (reply, error) {
	r, err := v.load(ctx, c, []*T{o})
	if err != nil {
		return reply{}, err
	}
	c.out.open()
	c.contextURL(v.typ.name, v.suffix, true)
	r.members(c.out, o)
	c.out.close()
	return reply{status: status}, nil
}

// changed answers a PATCH: without a body, or with the object if the caller prefers it.
func changed[T any](ctx context.Context, c *call, t *entityType[T], o *T, err error) (reply, error) {
	if err != nil || !prefers(c.r.Header, "return=representation") {
		return noContent, err
	}
	c.applied = []string{"return=representation"}
	return writeOne(ctx, c, t, o)
}

// created201 answers with an object that was made, and where it is.
func created201[T any](ctx context.Context, c *call, t *entityType[T], o *T, id string) (reply, error) {
	rep, err := writeEntity(ctx, c, &t.whole, o, http.StatusCreated)
	rep.location = c.base + "/" + c.path(0, false) + "/" + id
	return rep, err
}

// oneOf makes the handler that answers with the object whose id is in the path.
func oneOf[T any](t *entityType[T], from table[T], name string) handler {
	return func(ctx context.Context, c *call) (reply, error) {
		if err := c.allow("$select", "$expand"); err != nil {
			return reply{}, err
		}
		id, err := c.id(name)
		if err != nil {
			return reply{}, err
		}
		v, err := t.view(c.opts)
		if err != nil {
			return reply{}, err
		}
		o, err := from(c.reader()).Get(ctx, id)
		if err != nil {
			return reply{}, err
		}
		return writeEntity(ctx, c, v, o, http.StatusOK)
	}
}

// follow makes the handler that goes a navigation to one object from the object in the
// path, and answers with what it finds.
func follow[T any](t *entityType[T], from table[T], name, nav string) handler {
	return func(ctx context.Context, c *call) (reply, error) {
		if err := c.allow("$select", "$expand"); err != nil {
			return reply{}, err
		}
		id, err := c.id(name)
		if err != nil {
			return reply{}, err
		}
		n := t.navigation(nav)
		x, err := n.bind(c.opts)
		if err != nil {
			return reply{}, err
		}
		o, err := from(c.reader()).Get(ctx, id)
		if err != nil {
			return reply{}, err
		}
		attach, err := x.load(ctx, c, []*T{o})
		if err != nil {
			return reply{}, err
		}
		attach(c.out, o)
		found := slices.Clone(c.out.buf)
		c.out.buf = c.out.buf[:0]
		if found[0] != '{' {
			return reply{}, entitlement.Errorf(entitlement.CodeNotFound, nav, "The resource was not found: the %s of '%s' does not exist.", nav, id)
		}
		suffix := strings.TrimPrefix(x.suffix, nav)
		if suffix == "()" {
			suffix = ""
		}
		c.out.open()
		c.contextURL(n.target(), suffix, true)
		c.out.comma()
		c.out.buf = append(c.out.buf, found[1:]...)
		return reply{status: http.StatusOK}, nil
	}
}

// contained makes the handler that answers with an object of a catalog.
func contained[T any](t *entityType[T], from func(engine.Reader) engine.Visible[T], name string, catalogOf func(*T) entitlement.ID) handler {
	return func(ctx context.Context, c *call) (reply, error) {
		if err := c.allow("$select", "$expand"); err != nil {
			return reply{}, err
		}
		catalog, err := c.id("catalog")
		if err != nil {
			return reply{}, err
		}
		id, err := c.id(name)
		if err != nil {
			return reply{}, err
		}
		o, err := from(c.reader()).Get(ctx, id)
		if err == nil && catalogOf(o) != catalog {
			err = entitlement.NotFound(name, id)
		}
		if err != nil {
			return reply{}, err
		}
		return writeOne(ctx, c, t, o)
	}
}
