package modelstore

import "anteroom/internal/entitlement"

// principals are the service principals of the directory.
var principals = describe(entity[entitlement.ServicePrincipal]{
	meta: (*entitlement.ServicePrincipal).Meta,
	fields: []field[entitlement.ServicePrincipal]{
		name(func(o *entitlement.ServicePrincipal) string { return o.DisplayName }, "displayName"),
	},
})
