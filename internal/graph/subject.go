package graph

import "anteroom/internal/entitlement"

// graph: accessPackageSubject
func (s *schema) describeSubject() {
	s.subject = entityType[entitlement.Subject]{
		name: "accessPackageSubject",
		props: []property[entitlement.Subject]{
			shown("id", func(e *encoder, o *entitlement.Subject) { e.textOrNull(string(o.ObjectID)) }),
			shown("objectId", func(e *encoder, o *entitlement.Subject) { e.textOrNull(string(o.ObjectID)) }),
			shown("displayName", func(e *encoder, o *entitlement.Subject) { e.textOrNull(o.DisplayName) }),
			shown("principalName", func(e *encoder, o *entitlement.Subject) { e.textOrNull(o.PrincipalName) }),
			shown("email", func(e *encoder, o *entitlement.Subject) { e.textOrNull(o.Email) }),
			shown("onPremisesSecurityIdentifier", func(e *encoder, _ *entitlement.Subject) { e.null() }),
			shown("subjectType", func(e *encoder, o *entitlement.Subject) {
				if o.Type == entitlement.SubjectSystem {
					e.text("notSpecified")
					return
				}
				e.text(string(o.Type))
			}),
			shown("subjectLifecycle", func(e *encoder, _ *entitlement.Subject) { e.text("notDefined") }),
		},
		navs: []navigation[entitlement.Subject]{
			one("connectedOrganization", &s.organization, organizations, func(o *entitlement.Subject) entitlement.ID { return o.ConnectedOrganizationID }),
		},
	}
	s.subject.finish()
}
