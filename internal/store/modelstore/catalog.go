package modelstore

import "anteroom/internal/entitlement"

// catalogs are catalogs.
var catalogs = describe(entity[entitlement.Catalog]{
	meta: (*entitlement.Catalog).Meta,
	fields: []field[entitlement.Catalog]{
		name(func(o *entitlement.Catalog) string { return o.DisplayName }, "displayName"),
	},
})
