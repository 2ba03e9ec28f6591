package graph

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"anteroom/internal/entitlement"
	"anteroom/internal/odata"
)

// memberWriter writes lists that hold users and service principals.
type memberWriter struct {
	users      *view[entitlement.User]
	principals *view[entitlement.ServicePrincipal]
	suffix     string // of @odata.context
}

// memberWriter makes the views of both types. A selected property must be one of either;
// it is shown of those who have it.
func (s *Server) memberWriter(c *call) (w memberWriter, err error) {
	if len(c.opts.Expand) > 0 {
		return w, noSuchProperty("$expand", c.opts.Expand[0].Path, "directoryObject")
	}
	t := s.schema
	var names []string
	for _, name := range c.opts.Select {
		p, isUser := canonical(&t.member, name)
		q, isPrincipal := canonical(&t.anyPrincipal, name)
		switch {
		case name == "*":
		case isUser:
			names = append(names, p)
		case isPrincipal:
			names = append(names, q)
		default:
			return w, noSuchProperty("$select", name, "directoryObject")
		}
	}
	if len(names) > 0 && !slices.Contains(c.opts.Select, "*") {
		w.suffix = "(" + strings.Join(names, ",") + ")"
	}
	if w.users, err = t.member.view(knownOf(&t.member, c.opts)); err != nil {
		return w, err
	}
	w.principals, err = t.anyPrincipal.view(knownOf(&t.anyPrincipal, c.opts))
	return w, err
}

// canonical returns the name of a property as the type spells it, and whether it has one.
func canonical[T any](t *entityType[T], name string) (string, bool) {
	for i := range t.props {
		if strings.EqualFold(t.props[i].name, name) {
			return t.props[i].name, true
		}
	}
	return "", false
}

// knownOf are the options with those selected properties that the type has; with none of
// them the id alone is shown.
func knownOf[T any](t *entityType[T], o *odata.Options) *odata.Options {
	known := &odata.Options{}
	for _, name := range o.Select {
		if _, ok := canonical(t, name); ok || name == "*" {
			known.Select = append(known.Select, name)
		}
	}
	if len(o.Select) > 0 && len(known.Select) == 0 {
		known.Select = []string{"id"}
	}
	return known
}

// write answers with a page of members, in the order of their ids. Who is gone is left out.
func (w memberWriter) write(ctx context.Context, c *call, ids []entitlement.ID, p pageInfo) (reply, error) {
	people, err := c.reader().Users.Linked(ctx, "id", ids)
	if err != nil {
		return reply{}, err
	}
	userOf, principalOf := indexed(people), map[entitlement.ID]*entitlement.ServicePrincipal{}
	rest := slices.DeleteFunc(slices.Clone(ids), func(id entitlement.ID) bool { return userOf[id] != nil })
	if len(rest) > 0 {
		principals, err := c.reader().Principals.Linked(ctx, "id", rest)
		if err != nil {
			return reply{}, err
		}
		principalOf = indexed(principals)
	}
	users, principals := rows[entitlement.User]{view: w.users}, rows[entitlement.ServicePrincipal]{view: w.principals}
	c.openPage("directoryObject", w.suffix, p)
	for _, id := range ids {
		if u := userOf[id]; u != nil {
			users.writeTo(c.out, u)
		} else if sp := principalOf[id]; sp != nil {
			principals.writeTo(c.out, sp)
		}
	}
	c.out.closeList()
	c.out.close()
	return reply{status: http.StatusOK}, nil
}

func indexed[T any, P object[T]](list []*T) map[entitlement.ID]*T {
	m := make(map[entitlement.ID]*T, len(list))
	for _, o := range list {
		m[P(o).Meta().ID] = o
	}
	return m
}
