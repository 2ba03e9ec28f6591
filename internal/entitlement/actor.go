package entitlement

// Actor is who a call is made by, as its verified token says. It is passed
// explicitly to everything that decides or writes.
type Actor struct {
	Tenant TenantID
	// User tells a delegated call (a person through an application) from a call
	// of the application itself.
	User bool
	// ObjectID is the person's or the service principal's object id (claim oid).
	ObjectID ID
	// AppID is the client application (claim azp or appid); it may be empty.
	AppID string
	Name  string // display name, for the history; may be empty
	UPN   string // user principal name of a person; may be empty
	// Permissions are the scopes of a delegated call or the roles of an
	// application, never a mixture.
	Permissions []string
	// Administrator is set for a person whom the configuration lists.
	Administrator bool
	// RequestID is the server's id of the call, the correlation id of its records.
	RequestID string
	// Address is the network address from which the call came, for the history.
	Address string
}

// Permissions of Graph that this server knows.
const (
	PermissionReadWrite     = "EntitlementManagement.ReadWrite.All"
	PermissionRead          = "EntitlementManagement.Read.All"
	PermissionSubjectAccess = "EntitlementMgmt-SubjectAccess.ReadWrite"
	PermissionAuditLog      = "AuditLog.Read.All"
)

// Has reports whether the actor was given one of the permissions.
func (a Actor) Has(permissions ...string) bool {
	for _, want := range permissions {
		for _, have := range a.Permissions {
			if have == want {
				return true
			}
		}
	}
	return false
}

// Person reports whether the actor acts for nobody but themselves: a signed-in user who is
// not an administrator, or whose token does not carry an administrator's permission.
func (a Actor) Person() bool {
	return a.User && !(a.Administrator && a.Has(PermissionReadWrite, PermissionRead))
}

// System is the actor of what the server does by itself in a tenant.
func System(t TenantID) Actor { return Actor{Tenant: t, Name: "Anteroom"} }
