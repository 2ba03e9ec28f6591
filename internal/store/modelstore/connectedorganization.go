package modelstore

import "anteroom/internal/entitlement"

// organizations are connected organizations.
var organizations = describe(entity[entitlement.ConnectedOrganization]{
	meta: (*entitlement.ConnectedOrganization).Meta,
	fields: []field[entitlement.ConnectedOrganization]{
		name(func(o *entitlement.ConnectedOrganization) string { return o.DisplayName }, "displayName"),
		word(func(o *entitlement.ConnectedOrganization) entitlement.OrganizationState { return o.State }, "state"),
	},
})
