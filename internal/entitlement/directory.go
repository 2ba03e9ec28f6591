package entitlement

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// User is a user of the directory.
type User struct {
	Object
	DisplayName       string   `json:"-"`
	UserPrincipalName string   `json:"-"`
	Mail              *string  `json:"mail,omitzero"`
	MailNickname      *string  `json:"mailNickname,omitzero"`
	Type              UserType `json:"userType"`
	AccountEnabled    bool     `json:"accountEnabled"`
	// ManagerID is the user's manager, empty for none. Sponsors are users.
	ManagerID ID   `json:"-"`
	Sponsors  []ID `json:"sponsors,omitzero"`
	// Identities say how somebody from outside is known.
	Identities []Identity `json:"identities,omitzero"`
	// Attributes are the other properties of text, by the names of Graph; OtherMails and
	// ProxyAddresses the two that are collections.
	Attributes     []Attribute `json:"attributes,omitzero"`
	OtherMails     []string    `json:"otherMails,omitzero"`
	ProxyAddresses []string    `json:"proxyAddresses,omitzero"`
	// Blocked is set by the external user lifecycle, which switched the account off then.
	BlockedAt time.Time `json:"blockedAt,omitzero,format:unixmicro"`
}

// Identity is an objectIdentity.
type Identity struct {
	SignInType       string `json:"signInType,omitzero"`
	Issuer           string `json:"issuer,omitzero"`
	IssuerAssignedID string `json:"id,omitzero"`
}

// Attribute is a property of a user that holds text.
type Attribute struct {
	Name  string `json:"name"` // as Graph spells it
	Value string `json:"value"`
}

// Attribute returns the property of that name, and whether it is set.
func (u *User) Attribute(name string) (string, bool) {
	for i := range u.Attributes {
		if u.Attributes[i].Name == name {
			return u.Attributes[i].Value, true
		}
	}
	return "", false
}

// SetAttribute sets a property, or removes it where value is nil. They are kept in order.
func (u *User) SetAttribute(name string, value *string) {
	i, found := slices.BinarySearchFunc(u.Attributes, name, func(a Attribute, name string) int { return strings.Compare(a.Name, name) })
	switch {
	case found && value == nil:
		u.Attributes = slices.Delete(u.Attributes, i, i+1)
	case found:
		u.Attributes[i].Value = *value
	case value != nil:
		u.Attributes = slices.Insert(u.Attributes, i, Attribute{Name: name, Value: *value})
	}
}

// Domain is the mail domain by which somebody from outside is known, in lower case: that
// of the mail address, or of the principal name, also in the form that guests have
// (alice_example.org#EXT#@…).
func (u *User) Domain() string {
	at := u.UserPrincipalName
	if u.Mail != nil && *u.Mail != "" {
		at = *u.Mail
	} else if local, _, guest := strings.Cut(at, "#EXT#"); guest {
		if i := strings.LastIndexByte(local, '_'); i >= 0 {
			at = local[:i] + "@" + local[i+1:]
		}
	}
	_, domain, _ := strings.Cut(at, "@")
	return strings.ToLower(domain)
}

// ServicePrincipal is an application or an agent of the directory, as somebody who can be
// given access.
type ServicePrincipal struct {
	Object
	DisplayName    string               `json:"-"`
	AppID          ID                   `json:"appId,omitzero"`
	Type           ServicePrincipalType `json:"type"`
	AccountEnabled bool                 `json:"accountEnabled"`
	Owners         []ID                 `json:"owners,omitzero"`
	Sponsors       []ID                 `json:"sponsors,omitzero"`
}

// ServicePrincipalType is servicePrincipalType.
type ServicePrincipalType string

// Service principal types, as Graph spells them. ServiceIdentity is an agent identity.
const (
	PrincipalApplication     ServicePrincipalType = "Application"
	PrincipalManagedIdentity ServicePrincipalType = "ManagedIdentity"
	PrincipalLegacy          ServicePrincipalType = "Legacy"
	PrincipalAgentIdentity   ServicePrincipalType = "ServiceIdentity"
)

// ServicePrincipalTypes lists the types.
var ServicePrincipalTypes = []ServicePrincipalType{PrincipalApplication, PrincipalManagedIdentity, PrincipalLegacy, PrincipalAgentIdentity}

// Validate checks what can be said of a service principal alone.
func (p *ServicePrincipal) Validate() error {
	if err := checkName(p.DisplayName); err != nil {
		return err
	}
	if !slices.Contains(ServicePrincipalTypes, p.Type) {
		return Invalid("servicePrincipalType", "servicePrincipalType '%s' is not known; it can be %s.", p.Type, EnumWords(ServicePrincipalTypes))
	}
	if len(p.Owners) > MaxSponsors || len(p.Sponsors) > MaxSponsors {
		return Invalid("owners", "A service principal has at most %d owners and %d sponsors.", MaxSponsors, MaxSponsors)
	}
	return nil
}

// UserType tells members of the organisation from guests.
type UserType string

// User types, as Graph spells them.
const (
	UserMember UserType = "Member"
	UserGuest  UserType = "Guest"
)

// UserTypes lists the user types.
var UserTypes = []UserType{UserMember, UserGuest}

// Validate checks what can be said of a user alone.
func (u *User) Validate() error {
	if err := checkName(u.DisplayName); err != nil {
		return err
	}
	switch {
	case u.UserPrincipalName == "":
		return Invalid("userPrincipalName", "userPrincipalName is required.")
	case utf8.RuneCountInString(u.UserPrincipalName) > MaxName || hasControl(u.UserPrincipalName):
		return Invalid("userPrincipalName", "userPrincipalName has at most %d characters and no control characters.", MaxName)
	case u.Type != UserMember && u.Type != UserGuest:
		return Invalid("userType", "userType '%s' is not known; it can be %s.", u.Type, EnumWords(UserTypes))
	}
	if err := u.validateProfile(); err != nil {
		return err
	}
	if err := checkText("mail", u.Mail); err != nil {
		return err
	}
	return checkText("mailNickname", u.MailNickname)
}

func (u *User) validateProfile() error {
	if n := len(u.Sponsors); n > MaxSponsors {
		return Invalid("sponsors", "A user has %d sponsors; the most is %d.", n, MaxSponsors)
	}
	if len(u.Attributes) > MaxAttributes || len(u.OtherMails) > MaxAttributes || len(u.ProxyAddresses) > MaxAttributes || len(u.Identities) > MaxAttributes {
		return Invalid("", "A user has at most %d values of one kind.", MaxAttributes)
	}
	for _, a := range u.Attributes {
		if err := checkText(a.Name, &a.Value); err != nil {
			return err
		}
	}
	if err := checkTexts("otherMails", u.OtherMails...); err != nil {
		return err
	}
	if err := checkTexts("proxyAddresses", u.ProxyAddresses...); err != nil {
		return err
	}
	for _, id := range u.Identities {
		if err := checkTexts("identities", id.SignInType, id.Issuer, id.IssuerAssignedID); err != nil {
			return err
		}
	}
	return nil
}

func checkTexts(target string, texts ...string) error {
	for _, s := range texts {
		if err := checkText(target, &s); err != nil {
			return err
		}
	}
	return nil
}

// MaxAttributes is how many other properties, mail addresses and identities a user has.
const MaxAttributes = 100

// Group is a group of the directory.
type Group struct {
	Object
	DisplayName     string   `json:"-"`
	Description     *string  `json:"description,omitzero"`
	Mail            *string  `json:"mail,omitzero"`
	MailNickname    *string  `json:"mailNickname,omitzero"`
	MailEnabled     bool     `json:"mailEnabled,omitzero"`
	SecurityEnabled bool     `json:"securityEnabled,omitzero"`
	GroupTypes      []string `json:"groupTypes,omitzero"`
}

// Validate checks what can be said of a group alone.
func (g *Group) Validate() error {
	if err := checkName(g.DisplayName); err != nil {
		return err
	}
	for _, t := range g.GroupTypes {
		if err := checkText("groupTypes", &t); err != nil {
			return err
		}
	}
	if err := checkText("mail", g.Mail); err != nil {
		return err
	}
	if err := checkText("mailNickname", g.MailNickname); err != nil {
		return err
	}
	return checkText("description", g.Description)
}

// Membership says that a user is a member of a group. Its id is made from the two.
type Membership struct {
	Object
	GroupID  ID `json:"-"`
	MemberID ID `json:"-"`
	// Granted is set when delivery made the membership; only then does delivery
	// take it away.
	Granted bool `json:"granted,omitzero"`
}

// MembershipID is the id of the membership of a user in a group.
func MembershipID(group, user ID) ID { return group + "_" + user }
