package sqlstore

import "anteroom/internal/entitlement"

// principals stores the service principals of the directory.
var principals = build(entity[entitlement.ServicePrincipal]{
	table: "service_principal", keeps: true,
	meta: (*entitlement.ServicePrincipal).Meta,
	fields: []field[entitlement.ServicePrincipal]{
		text("display_name", func(o *entitlement.ServicePrincipal) *string { return &o.DisplayName }, "displayName"),
	},
})
