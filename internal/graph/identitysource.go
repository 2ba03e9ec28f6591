package graph

import "anteroom/internal/entitlement"

// sourceMember is a member of an identity source and where it is kept.
type sourceMember struct {
	name string
	ref  func(*entitlement.IdentitySource) *string
}

func sourceKey(s *entitlement.IdentitySource) *string { return &s.Key }

// sourceMembers lists the members of each kind of identity source beside displayName; the
// first tells its people and is required.
//
// graph: identitySource and the types derived from it
var sourceMembers = map[entitlement.IdentitySourceKind][]sourceMember{
	entitlement.SourceTenant: {{"tenantId", sourceKey}},
	entitlement.SourceCrossCloudTenant: {
		{"tenantId", sourceKey},
		{"cloudInstance", func(s *entitlement.IdentitySource) *string { return &s.CloudInstance }},
	},
	entitlement.SourceDomain: {{"domainName", sourceKey}},
	entitlement.SourceFederation: {
		{"issuerUri", sourceKey},
		{"domainName", func(s *entitlement.IdentitySource) *string { return &s.DomainName }},
	},
	entitlement.SourceSocial: {{"socialIdentitySourceType", sourceKey}},
}

// socialProviders are the members of socialIdentitySourceType.
var socialProviders = []string{"facebook"}

func writeIdentitySources(e *encoder, o *entitlement.ConnectedOrganization) {
	e.openList()
	for i := range o.IdentitySources {
		s := &o.IdentitySources[i]
		e.open()
		e.odataType(string(s.Kind))
		e.key("displayName").textOrNull(s.DisplayName)
		for _, m := range sourceMembers[s.Kind] {
			e.key(m.name).textOrNull(*m.ref(s))
		}
		e.close()
	}
	e.closeList()
}

func readIdentitySources(n node, o *entitlement.ConnectedOrganization) error {
	o.IdentitySources = nil
	return n.each(func(n node) error {
		s, err := readIdentitySource(n)
		o.IdentitySources = append(o.IdentitySources, s)
		return err
	})
}

func readIdentitySource(n node) (entitlement.IdentitySource, error) {
	var s entitlement.IdentitySource
	if n.kind != isObject {
		return s, n.wrongKind("an object")
	}
	typ, err := n.typeName()
	if err != nil {
		return s, err
	}
	kind, ok := entitlement.ParseEnum(entitlement.IdentitySourceKinds, typ)
	switch {
	case typ == "":
		return s, entitlement.Invalid(n.at+"/@odata.type", "%s/@odata.type is required; it can be %s.", n.at, entitlement.EnumWords(entitlement.IdentitySourceKinds))
	case !ok:
		return s, entitlement.Invalid(n.at+"/@odata.type", "'%s' is not a type of identity source; it can be %s.", clip(typ, maxMember), entitlement.EnumWords(entitlement.IdentitySourceKinds))
	}
	s.Kind = kind
	err = n.fields(string(kind), func(name string, n node) (bool, error) { return readSourceMember(n, name, &s) })
	if err != nil {
		return s, err
	}
	return s, checkSource(n, &s)
}

// readSourceMember reads one member of an identity source, and says whether its kind has it.
func readSourceMember(n node, name string, s *entitlement.IdentitySource) (_ bool, err error) {
	if name == "displayName" {
		s.DisplayName, err = n.shortString(entitlement.MaxName)
		return true, err
	}
	for _, m := range sourceMembers[s.Kind] {
		if m.name == name {
			*m.ref(s), err = n.shortString(entitlement.MaxName)
			return true, err
		}
	}
	return false, nil
}

// checkSource checks the member that tells people of the source, and gives it the form in
// which people are compared with it.
func checkSource(n node, s *entitlement.IdentitySource) error {
	name := sourceMembers[s.Kind][0].name
	at := n.at + "/" + name
	if s.Key == "" {
		return entitlement.Invalid(at, "%s is required for an identity source of type %s.", at, s.Kind)
	}
	switch s.Kind {
	case entitlement.SourceTenant, entitlement.SourceCrossCloudTenant:
		id, ok := entitlement.ParseID(s.Key)
		if !ok {
			return entitlement.Invalid(at, "%s must be the id of a tenant, a GUID, but it is '%s'.", at, clip(s.Key, maxMember))
		}
		s.Key = string(id)
		if s.Kind == entitlement.SourceCrossCloudTenant && s.CloudInstance == "" {
			return entitlement.Invalid(n.at+"/cloudInstance", "%s/cloudInstance is required for an identity source of type %s, for instance microsoftonline.us.", n.at, s.Kind)
		}
	case entitlement.SourceSocial:
		word, ok := entitlement.ParseEnum(socialProviders, s.Key)
		if !ok {
			return entitlement.Invalid(at, "%s cannot be '%s'; it can be %s.", at, clip(s.Key, maxMember), entitlement.EnumWords(socialProviders))
		}
		s.Key = word
	}
	return nil
}
