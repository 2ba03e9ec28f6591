package modelstore

import "anteroom/internal/entitlement"

// groups are the groups of the directory.
var groups = describe(entity[entitlement.Group]{
	meta: (*entitlement.Group).Meta,
	fields: []field[entitlement.Group]{
		name(func(o *entitlement.Group) string { return o.DisplayName }, "displayName"),
	},
})
