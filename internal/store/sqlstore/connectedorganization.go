package sqlstore

import "anteroom/internal/entitlement"

// organizations stores connected organizations.
var organizations = build(entity[entitlement.ConnectedOrganization]{
	table: "connected_organization", keeps: true,
	meta: (*entitlement.ConnectedOrganization).Meta,
	fields: []field[entitlement.ConnectedOrganization]{
		text("display_name", func(o *entitlement.ConnectedOrganization) *string { return &o.DisplayName }, "displayName"),
		word("state", func(o *entitlement.ConnectedOrganization) *entitlement.OrganizationState { return &o.State }, "state"),
	},
})
