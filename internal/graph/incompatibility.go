package graph

import (
	"context"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
	"anteroom/internal/odata"
	"anteroom/internal/query"
)

func incompatible(r engine.Reader) engine.Visible[entitlement.Incompatibility] {
	return r.Incompatible
}

// Paths of incompatibilities.
const (
	ofPackage = "accessPackage/id"
	toOther   = "incompatibleAccessPackage/id"
	toGroups  = "incompatibleGroup/id"
)

// exclusions lists what is linked to the package of the path by incompatibilities.
//
// graph: accesspackage-list-incompatibleaccesspackages, accesspackage-list-incompatiblegroups,
// accesspackage-list-accesspackagesincompatiblewith
type exclusions[U any] struct {
	typ      *entityType[U]
	from     table[U]
	near     string // the path of incompatibilities that leads to the package of the path
	far      string // the path that leads to what is listed
	idOfFar  func(*entitlement.Incompatibility) entitlement.ID
	linkName string
}

func idOfPackage(x *entitlement.Incompatibility) entitlement.ID { return x.PackageID }
func idOfOther(x *entitlement.Incompatibility) entitlement.ID   { return x.OtherPackageID }
func idOfGroup(x *entitlement.Incompatibility) entitlement.ID   { return x.GroupID }

func (s *schema) incompatiblePackages() exclusions[entitlement.Package] {
	return exclusions[entitlement.Package]{&s.pkg, packages, ofPackage, toOther, idOfOther, "incompatibleAccessPackages"}
}

func (s *schema) incompatibleGroups() exclusions[entitlement.Group] {
	return exclusions[entitlement.Group]{&s.group, groups, ofPackage, toGroups, idOfGroup, "incompatibleGroups"}
}

func (s *schema) packagesIncompatibleWith() exclusions[entitlement.Package] {
	return exclusions[entitlement.Package]{&s.pkg, packages, toOther, ofPackage, idOfPackage, "accessPackagesIncompatibleWith"}
}

// scope is that of the links of the package; lists can be filtered by the id of what they
// hold.
func (l exclusions[U]) scope(ctx context.Context, c *call) (query.Expr, listing, error) {
	pkg, err := inPackage(ctx, c)
	if err != nil {
		return nil, listing{}, err
	}
	some := &query.Compare{Path: l.far, Op: query.Ne} // of this kind
	of := listing{filters: odata.Properties{"id": {Path: l.far, Type: odata.ID}}}
	return query.Both(query.Equal(l.near, string(pkg)), some), of, nil
}

func (l exclusions[U]) list(ctx context.Context, c *call) (reply, error) {
	scope, of, err := l.scope(ctx, c)
	if err != nil {
		return reply{}, err
	}
	p, err := fetchPage(ctx, c, of, incompatible, scope)
	if err != nil {
		return reply{}, err
	}
	found, err := l.from(c.reader()).Linked(ctx, "id", distinct(p.objects, l.idOfFar))
	if err != nil {
		return reply{}, err
	}
	return writeList(ctx, c, l.typ, found, p.pageInfo)
}

func (l exclusions[U]) count(ctx context.Context, c *call) (reply, error) {
	scope, of, err := l.scope(ctx, c)
	if err != nil {
		return reply{}, err
	}
	return countOf(ctx, c, of, incompatible, scope)
}

// excluded makes the navigation from packages to what incompatibilities link with them.
func excluded[U any, P object[U]](l exclusions[U]) navigation[entitlement.Package] {
	return link(l.linkName, true, l.typ, func(ctx context.Context, c *call, page []*entitlement.Package) (map[*entitlement.Package][]*U, error) {
		links, err := incompatible(c.reader()).Linked(ctx, l.near, distinct(page, idOf[entitlement.Package]))
		if err != nil {
			return nil, err
		}
		far := make(map[entitlement.ID][]entitlement.ID, len(page))
		for _, x := range links {
			near := x.PackageID
			if l.near == toOther {
				near = x.OtherPackageID
			}
			if id := l.idOfFar(x); id != "" {
				far[near] = append(far[near], id)
			}
		}
		ids := make(map[*entitlement.Package][]entitlement.ID, len(page))
		for _, p := range page {
			ids[p] = far[p.ID]
		}
		return linkedBy[entitlement.Package, U, P](ctx, c, l.from, ids)
	})
}

// maxLinked is how many objects are asked for in one query.
const maxLinked = 1000

// linkedBy finds the objects whose ids are listed for each object of a page, in the order
// of the lists. What is gone is left out.
func linkedBy[T, U any, P object[U]](ctx context.Context, c *call, from table[U], ids map[*T][]entitlement.ID) (map[*T][]*U, error) {
	byID := make(map[entitlement.ID]*U)
	for _, list := range ids {
		for _, id := range list {
			byID[id] = nil
		}
	}
	var some []entitlement.ID
	load := func() error {
		list, err := from(c.reader()).Linked(ctx, "id", some)
		for _, u := range list {
			byID[P(u).Meta().ID] = u
		}
		some = some[:0]
		return err
	}
	for id := range byID {
		if some = append(some, id); len(some) == maxLinked {
			if err := load(); err != nil {
				return nil, err
			}
		}
	}
	if err := load(); err != nil {
		return nil, err
	}
	found := make(map[*T][]*U, len(ids))
	for o, list := range ids {
		for _, id := range list {
			if u := byID[id]; u != nil {
				found[o] = append(found[o], u)
			}
		}
	}
	return found, nil
}

// exclude makes the handler that adds an incompatibility, and include the one that removes it.
//
// graph: accesspackage-post-incompatibleaccesspackage, accesspackage-post-incompatiblegroup
func exclude(to refTarget, add func(ctx context.Context, by entitlement.Actor, pkg, other entitlement.ID) error) handler {
	return func(ctx context.Context, c *call) (reply, error) {
		pkg, err := c.id("accessPackage")
		if err != nil {
			return reply{}, err
		}
		body, err := c.object()
		if err != nil {
			return reply{}, err
		}
		other, err := to.readReference(body)
		if err != nil {
			return reply{}, err
		}
		return noContent, add(ctx, c.actor, pkg, other)
	}
}

// graph: accesspackage-delete-incompatibleaccesspackage, accesspackage-delete-incompatiblegroup
func include(to refTarget, name string, remove func(ctx context.Context, by entitlement.Actor, pkg, other entitlement.ID) error) handler {
	return func(ctx context.Context, c *call) (reply, error) {
		pkg, err := c.id("accessPackage")
		if err != nil {
			return reply{}, err
		}
		other, err := to.removed(c, name)
		if err != nil {
			return reply{}, err
		}
		return noContent, remove(ctx, c.actor, pkg, other)
	}
}
