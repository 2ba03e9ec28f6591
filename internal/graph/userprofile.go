package graph

import (
	"strconv"
	"strings"

	"anteroom/internal/entitlement"
)

// userTexts are the properties of users that hold text and that nothing but membership
// rules reads, by the names of Graph.
//
// graph: user
var userTexts = []string{
	"givenName", "surname", "jobTitle", "department", "companyName", "employeeId", "employeeType", "officeLocation",
	"streetAddress", "city", "state", "postalCode", "country", "usageLocation", "preferredLanguage", "mobilePhone", "faxNumber",
	"onPremisesSamAccountName", "onPremisesDistinguishedName", "onPremisesSecurityIdentifier",
}

// extensionAttributes is how many extension attributes a user has.
const extensionAttributes = 15

func extensionAttribute(i int) string { return "extensionAttribute" + strconv.Itoa(i) }

// userProfile are the properties of users beside those by which they are known.
func userProfile() []property[entitlement.User] {
	props := []property[entitlement.User]{
		{name: "identities", write: writeIdentities, read: readIdentities},
		collectionOfText("otherMails", func(u *entitlement.User) *[]string { return &u.OtherMails }),
		collectionOfText("proxyAddresses", func(u *entitlement.User) *[]string { return &u.ProxyAddresses }),
		{name: businessPhones, write: writePhones, read: readPhones},
	}
	for _, name := range userTexts {
		props = append(props, userText(name))
	}
	return append(props, property[entitlement.User]{name: "onPremisesExtensionAttributes", write: writeExtensionAttributes, read: readExtensionAttributes})
}

// userText is a property of users that holds text or null.
func userText(name string) property[entitlement.User] {
	return property[entitlement.User]{
		name:  name,
		write: func(e *encoder, u *entitlement.User) { writeUserText(e, u, name) },
		read:  func(n node, u *entitlement.User) error { return readUserText(n, u, name) },
	}
}

// businessPhones is a collection of one number at most, and is kept as a text.
//
// graph: user
const businessPhones = "businessPhones"

func writePhones(e *encoder, u *entitlement.User) {
	e.openList()
	if phone, ok := u.Attribute(businessPhones); ok {
		e.text(phone)
	}
	e.closeList()
}

func readPhones(n node, u *entitlement.User) error {
	var phones []string
	all := collectionOfText(businessPhones, func(*entitlement.User) *[]string { return &phones })
	if err := all.read(n, u); err != nil {
		return err
	}
	switch len(phones) {
	case 0:
		u.SetAttribute(businessPhones, nil)
	case 1:
		u.SetAttribute(businessPhones, &phones[0])
	default:
		return entitlement.Invalid(n.at, "%s holds %d numbers; the most is one.", n.at, len(phones))
	}
	return nil
}

func writeUserText(e *encoder, u *entitlement.User, name string) {
	if s, ok := u.Attribute(name); ok {
		e.text(s)
		return
	}
	e.null()
}

func readUserText(n node, u *entitlement.User, name string) error {
	s, err := n.optionalString()
	if err == nil {
		u.SetAttribute(name, s)
	}
	return err
}

// graph: onPremisesExtensionAttributes
func writeExtensionAttributes(e *encoder, u *entitlement.User) {
	e.open()
	for i := range extensionAttributes {
		name := extensionAttribute(i + 1)
		e.key(name)
		writeUserText(e, u, name)
	}
	e.close()
}

// readExtensionAttributes keeps what is left out; null clears all.
func readExtensionAttributes(n node, u *entitlement.User) error {
	if n.kind == isNull {
		for i := range extensionAttributes {
			u.SetAttribute(extensionAttribute(i+1), nil)
		}
		return nil
	}
	return n.fields("onPremisesExtensionAttributes", func(name string, n node) (bool, error) {
		for i := range extensionAttributes {
			if name == extensionAttribute(i+1) {
				return true, readUserText(n, u, name)
			}
		}
		return false, nil
	})
}

// collectionOfText is a property that holds texts; null empties it.
func collectionOfText[T any](name string, ref func(*T) *[]string) property[T] {
	return property[T]{
		name: name,
		write: func(e *encoder, o *T) {
			e.openList()
			for _, s := range *ref(o) {
				e.text(s)
			}
			e.closeList()
		},
		read: func(n node, o *T) error {
			var list []string
			err := n.each(func(n node) error {
				s, err := n.string()
				if err == nil && strings.TrimSpace(s) == "" {
					err = entitlement.Invalid(n.at, "%s must not be blank. Leave it out of the collection.", n.at)
				}
				list = append(list, s)
				return err
			})
			*ref(o) = list
			return err
		},
	}
}

// graph: objectIdentity
func writeIdentities(e *encoder, u *entitlement.User) {
	e.openList()
	for _, id := range u.Identities {
		e.open()
		e.key("signInType").textOrNull(id.SignInType)
		e.key("issuer").textOrNull(id.Issuer)
		e.key("issuerAssignedId").textOrNull(id.IssuerAssignedID)
		e.close()
	}
	e.closeList()
}

func readIdentities(n node, u *entitlement.User) error {
	var list []entitlement.Identity
	err := n.each(func(n node) error {
		var id entitlement.Identity
		err := n.fields("objectIdentity", func(name string, n node) (_ bool, err error) {
			switch name {
			case "signInType":
				id.SignInType, err = n.shortString(maxIdentity)
			case "issuer":
				id.Issuer, err = n.shortString(maxIdentity)
			case "issuerAssignedId":
				id.IssuerAssignedID, err = n.shortString(maxIdentity)
			default:
				return false, nil
			}
			return true, err
		})
		list = append(list, id)
		switch {
		case err != nil:
			return err
		case id.SignInType == "":
			return entitlement.Invalid(n.at+"/signInType", "%s/signInType is required: for instance 'federated', 'emailAddress' or 'userPrincipalName'.", n.at)
		case id.Issuer == "":
			return entitlement.Invalid(n.at+"/issuer", "%s/issuer is required: who vouches for the identity, for instance a domain, a tenant or the URI of an issuer.", n.at)
		}
		return nil
	})
	u.Identities = list
	return err
}

// maxIdentity is how many characters the parts of an identity have at most.
const maxIdentity = 512
