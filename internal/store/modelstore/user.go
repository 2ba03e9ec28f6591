package modelstore

import (
	"anteroom/internal/entitlement"
	"anteroom/internal/query"
)

// users are the users of the directory. Their principal names are unique.
var users = describe(entity[entitlement.User]{
	meta: (*entitlement.User).Meta,
	fields: []field[entitlement.User]{
		name(func(o *entitlement.User) string { return o.DisplayName }, "displayName"),
		indexed(name(func(o *entitlement.User) string { return o.UserPrincipalName }, "userPrincipalName")),
		id(func(o *entitlement.User) entitlement.ID { return o.ManagerID }, "manager/id"),
	},
	unique: []func(*entitlement.User) (string, bool){
		func(o *entitlement.User) (string, bool) { return query.Fold(o.UserPrincipalName), true },
	},
})
