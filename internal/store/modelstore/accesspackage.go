package modelstore

import "anteroom/internal/entitlement"

// packages are access packages.
var packages = describe(entity[entitlement.Package]{
	meta: (*entitlement.Package).Meta,
	fields: []field[entitlement.Package]{
		id(func(o *entitlement.Package) entitlement.ID { return o.CatalogID }, "catalog/id"),
		name(func(o *entitlement.Package) string { return o.DisplayName }, "displayName"),
	},
})
