package sqlstore

import "anteroom/internal/entitlement"

// users stores the users of the directory.
var users = build(entity[entitlement.User]{
	table: "directory_user", keeps: true,
	meta: (*entitlement.User).Meta,
	fields: []field[entitlement.User]{
		text("display_name", func(o *entitlement.User) *string { return &o.DisplayName }, "displayName"),
		text("principal_name", func(o *entitlement.User) *string { return &o.UserPrincipalName }, "userPrincipalName"),
		seldom(id("manager", func(o *entitlement.User) *entitlement.ID { return &o.ManagerID }, "manager/id")),
	},
})
