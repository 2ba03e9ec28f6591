package entitlement

// ConnectedOrganization is a connectedOrganization: an organisation outside whose people
// may be let in.
type ConnectedOrganization struct {
	Object
	DisplayName     string            `json:"-"`
	Description     *string           `json:"description,omitzero"`
	State           OrganizationState `json:"-"`
	IdentitySources []IdentitySource  `json:"sources,omitzero"`
	// The sponsors are users of the directory.
	InternalSponsors []ID `json:"internalSponsors,omitzero"`
	ExternalSponsors []ID `json:"externalSponsors,omitzero"`
}

// OrganizationState is connectedOrganizationState.
type OrganizationState string

// Members of connectedOrganizationState.
const (
	OrganizationConfigured OrganizationState = "configured"
	OrganizationProposed   OrganizationState = "proposed" // made by the server for people of an unknown organisation
)

// OrganizationStates lists the members in schema order.
var OrganizationStates = []OrganizationState{OrganizationConfigured, OrganizationProposed}

// IdentitySource is an identitySource: how an organisation's people are known.
type IdentitySource struct {
	Kind        IdentitySourceKind `json:"kind"`
	DisplayName string             `json:"displayName,omitzero"`
	// Key is what tells people of the source: tenantId, domainName, issuerUri or
	// socialIdentitySourceType.
	Key string `json:"key"`
	// CloudInstance belongs to crossCloudAzureActiveDirectoryTenant.
	CloudInstance string `json:"cloud,omitzero"`
	// DomainName belongs to externalDomainFederation, beside the issuer that tells its people.
	DomainName string `json:"domain,omitzero"`
}

// IdentitySourceKind is the derived type of an identity source, without its namespace.
type IdentitySourceKind string

// Kinds of identity source.
const (
	SourceTenant           IdentitySourceKind = "azureActiveDirectoryTenant"
	SourceCrossCloudTenant IdentitySourceKind = "crossCloudAzureActiveDirectoryTenant"
	SourceDomain           IdentitySourceKind = "domainIdentitySource"
	SourceFederation       IdentitySourceKind = "externalDomainFederation"
	SourceSocial           IdentitySourceKind = "socialIdentitySource"
)

// IdentitySourceKinds lists all kinds.
var IdentitySourceKinds = []IdentitySourceKind{SourceTenant, SourceCrossCloudTenant, SourceDomain, SourceFederation, SourceSocial}

// Limits of connected organizations.
const (
	MaxIdentitySources = 50
	MaxSponsors        = 100
)

// Validate checks what can be said of a connected organization alone.
func (o *ConnectedOrganization) Validate() error {
	if err := checkName(o.DisplayName); err != nil {
		return err
	}
	if err := checkText("description", o.Description); err != nil {
		return err
	}
	if n := len(o.IdentitySources); n > MaxIdentitySources {
		return Invalid("identitySources", "There are %d identity sources; the most is %d.", n, MaxIdentitySources)
	}
	for i := range o.IdentitySources {
		s := &o.IdentitySources[i]
		for _, text := range []*string{&s.DisplayName, &s.Key, &s.CloudInstance, &s.DomainName} {
			if len(*text) > MaxName || hasControl(*text) {
				return Invalid("identitySources", "The members of an identity source have at most %d characters and no control characters.", MaxName)
			}
		}
		if s.Key == "" {
			return Invalid("identitySources", "An identity source of type %s needs what tells its people: tenantId, domainName, issuerUri or socialIdentitySourceType.", s.Kind)
		}
	}
	for _, list := range [][]ID{o.InternalSponsors, o.ExternalSponsors} {
		if len(list) > MaxSponsors {
			return Invalid("sponsors", "There are %d sponsors; the most is %d.", len(list), MaxSponsors)
		}
	}
	return nil
}

// Incompatibility says that who has another package, or is a member of a group, may not
// have the package. It is one-way.
//
// graph: accesspackage-post-incompatibleaccesspackage
type Incompatibility struct {
	Object            // its id is made from the other members
	PackageID      ID `json:"-"`
	OtherPackageID ID `json:"-"` // or
	GroupID        ID `json:"-"`
}

// IncompatibilityID is the id of the incompatibility of a package with a package or group.
func IncompatibilityID(pkg, other ID) ID { return pkg + "_" + other }
