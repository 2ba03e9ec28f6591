package modelstore

import (
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

// resources are the resources of catalogs, each once in a catalog.
var resources = describe(entity[entitlement.Resource]{
	meta: (*entitlement.Resource).Meta,
	fields: []field[entitlement.Resource]{
		id(func(o *entitlement.Resource) entitlement.ID { return o.CatalogID }, "catalog/id"),
		indexed(name(func(o *entitlement.Resource) string { return o.OriginID }, "originId")),
		name(func(o *entitlement.Resource) string { return o.OriginSystem }, "originSystem"),
		name(func(o *entitlement.Resource) string { return o.DisplayName }, "displayName"),
	},
	unique: []func(*entitlement.Resource) (string, bool){
		func(o *entitlement.Resource) (string, bool) {
			catalog, ok := join(o.CatalogID)
			return catalog + query.Fold(o.OriginID) + "\x00" + query.Fold(o.OriginSystem), ok
		},
	},
})
