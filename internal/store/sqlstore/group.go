package sqlstore

import "anteroom/internal/entitlement"

// groups stores the groups of the directory.
var groups = build(entity[entitlement.Group]{
	table: "directory_group", keeps: true,
	meta: (*entitlement.Group).Meta,
	fields: []field[entitlement.Group]{
		text("display_name", func(o *entitlement.Group) *string { return &o.DisplayName }, "displayName"),
	},
})
