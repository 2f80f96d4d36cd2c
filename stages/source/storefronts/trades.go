package storefronts

import (
	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

// scheme is a pair of sign colours: the board's, and that of the words and pictures on it.
type scheme struct{ board, ink uint32 }

// trade is one of the twenty classes.
type trade struct {
	name     string
	words    [4]string // what the sign says, by language
	american [3]scheme // chosen per business
	european [3]scheme // instead, as often as the style says
	light    uint32    // colour of the lit room behind the glass
	sill     int64     // lowest height of the glass, cm
	room     int64     // how much wider the picture of a large property is, cm
	icon     func(p pen, ink, board draw.Color, s *scene)
	display  func(p pen, b box, r *random.Stream, s *scene) // what stands in a window
	building func(s *scene)                                 // draws the whole property
}

// box is a rectangle in the frame of a pen.
type box struct{ x0, y0, x1, y1 int64 }

func (b box) w() int64    { return b.x1 - b.x0 }
func (b box) h() int64    { return b.y1 - b.y0 }
func (b box) midX() int64 { return (b.x0 + b.x1) / 2 }

// trades is in alphabetical order; a class's label is its place here.
var trades = [20]trade{
	{
		name: "auto shop", words: [4]string{"AUTO REPAIR", "TALLER MECÁNICO", "GARAGE AUTO", "KFZ-WERKSTATT"},
		american: [3]scheme{{0x1e3f8a, 0xffffff}, {0x27439c, 0xffd23c}, {0xd8d8d8, 0x20388c}},
		european: [3]scheme{{0xf2c318, 0x202020}, {0xe8e8e8, 0xc81e1e}, {0xd8400c, 0xffffff}},
		light:    0x4a4a48, icon: iconTyre, display: displayTyres, building: buildGarage,
	},
	{
		name: "bakery", words: [4]string{"BAKERY", "PANADERÍA", "BOULANGERIE", "BÄCKEREI"},
		american: [3]scheme{{0x7a3f1c, 0xffe9c0}, {0xd8a25c, 0x5a2a10}, {0x99552a, 0xfff4dc}},
		european: [3]scheme{{0x2c2220, 0xe8c070}, {0x6a2430, 0xf4dca8}, {0xc89850, 0x3a2010}},
		light:    0xffd88c, sill: 70, icon: iconBread, display: displayBread, building: buildShop,
	},
	{
		name: "bank", words: [4]string{"BANK", "BANCO", "BANQUE", "SPARKASSE"},
		american: [3]scheme{{0x0e3560, 0xffffff}, {0x0c4f3c, 0xf0e8c8}, {0x3c4a5c, 0xf4f4f4}},
		european: [3]scheme{{0xd81e2c, 0xffffff}, {0x0c7c50, 0xffffff}, {0x123c8c, 0xffd23c}},
		light:    0x7c8a90, sill: 60, icon: iconTemple, display: displayBlinds, building: buildBank,
	},
	{
		name: "beauty salon", words: [4]string{"BEAUTY SALON", "ESTÉTICA", "INSTITUT DE BEAUTÉ", "KOSMETIK"},
		american: [3]scheme{{0xdc4f98, 0xffffff}, {0xf0a0c8, 0x6a1848}, {0x8a3c98, 0xffd0f0}},
		european: [3]scheme{{0x2a242a, 0xf0c8dc}, {0xb898c8, 0xffffff}, {0xe8d8dc, 0x8c3c64}},
		light:    0xffc4e0, sill: 40, icon: iconFace, display: displayMirrors, building: buildShop,
	},
	{
		name: "car dealer", words: [4]string{"AUTO SALES", "AUTOS SEMINUEVOS", "CONCESSIONNAIRE", "AUTOHAUS"},
		american: [3]scheme{{0xb3121d, 0xffffff}, {0x1048a0, 0xffffff}, {0x303438, 0xe8e8e8}},
		european: [3]scheme{{0xe8e8e8, 0x1c3c8c}, {0x202428, 0xffffff}, {0xffcc00, 0x202020}},
		light:    0xd8e4ec, icon: iconCar, display: displayCar, building: buildDealer,
	},
	{
		name: "car wash", words: [4]string{"CAR WASH", "AUTOLAVADO", "LAVAGE AUTO", "WASCHSTRASSE"},
		american: [3]scheme{{0x18a4e0, 0xfff05a}, {0x1c7cd0, 0xffffff}, {0x28bcd4, 0xffffff}},
		european: [3]scheme{{0x28489c, 0xffffff}, {0x70b428, 0xffffff}, {0xe03c28, 0xffffff}},
		light:    0x284858, icon: iconDrops, display: displayBlinds, building: buildWash,
	},
	{
		name: "cell phone store", words: [4]string{"WIRELESS", "CELULARES", "TÉLÉPHONIE", "HANDY-SHOP"},
		american: [3]scheme{{0xe20a78, 0xffffff}, {0x181818, 0xe0208c}, {0xf4f4f4, 0xdc1478}},
		european: [3]scheme{{0xf47a14, 0xffffff}, {0xe01e28, 0xffffff}, {0x181818, 0xf88c28}},
		light:    0xf4f8ff, sill: 20, icon: iconPhone, display: displayPhones, building: buildShop,
	},
	{
		name: "dentist", words: [4]string{"DENTIST", "DENTISTA", "CABINET DENTAIRE", "ZAHNARZT"},
		american: [3]scheme{{0x2cb0ac, 0xffffff}, {0xf2f6f6, 0x149c9c}, {0x5cc4cc, 0xffffff}},
		european: [3]scheme{{0xf4f4f0, 0x3c6c9c}, {0x8cb4d8, 0xffffff}, {0xe4e8e8, 0x50787c}},
		light:    0xc8e0dc, sill: 105, icon: iconTooth, display: displayClinic, building: buildClinic,
	},
	{
		name: "discount store", words: [4]string{"DOLLAR STORE", "TODO A $10", "TOUT À 2 €", "1-EURO-SHOP"},
		american: [3]scheme{{0xf6d800, 0xd01818}, {0xffe23c, 0x1c7c34}, {0xf0c800, 0x181818}},
		european: [3]scheme{{0xe83c8c, 0xffffff}, {0xd82020, 0xfff05a}, {0x3c3c9c, 0xffe83c}},
		light:    0xf4ecc8, sill: 30, icon: iconPrice, display: displayOffers, building: buildShop,
	},
	{
		name: "dry cleaner", words: [4]string{"DRY CLEANERS", "TINTORERÍA", "PRESSING", "REINIGUNG"},
		american: [3]scheme{{0xf4f4f4, 0x2464c0}, {0x5c9ce0, 0xffffff}, {0xe4f0fa, 0x1c50a8}},
		european: [3]scheme{{0x14805c, 0xffffff}, {0x6c3c8c, 0xffffff}, {0x3c90b0, 0xffffff}},
		light:    0xe4ecf0, sill: 25, icon: iconHanger, display: displayClothes, building: buildShop,
	},
	{
		name: "furniture store", words: [4]string{"FURNITURE", "MUEBLES", "MEUBLES", "MÖBEL"},
		american: [3]scheme{{0x60402c, 0xf0d090}, {0x44583c, 0xf4ecd0}, {0x7c5c40, 0xffffff}},
		european: [3]scheme{{0x2c2c2c, 0xf4f4f4}, {0xa03828, 0xf4ecd0}, {0xd0c4b0, 0x303030}},
		light:    0xf0d8b0, sill: 10, icon: iconSofa, display: displaySofa, building: buildShop,
	},
	{
		name: "gas station", words: [4]string{"GAS", "GASOLINA", "CARBURANTS", "TANKSTELLE"},
		american: [3]scheme{{0xe02418, 0xffffff}, {0x188c3c, 0xffe83c}, {0xf4c414, 0xd02018}},
		european: [3]scheme{{0x2450a8, 0xffffff}, {0xf47c14, 0xffffff}, {0x38a048, 0xffffff}},
		light:    0xe4e8d8, room: 90, icon: iconPump, display: displayShelves, building: buildStation,
	},
	{
		name: "gym", words: [4]string{"GYM", "GIMNASIO", "SALLE DE SPORT", "FITNESS"},
		american: [3]scheme{{0x161616, 0xff7a1a}, {0x202024, 0xb4e020}, {0x2c2c30, 0xf8f8f8}},
		european: [3]scheme{{0x5c2c9c, 0xffe040}, {0xf4d018, 0x181818}, {0xd82c20, 0xffffff}},
		light:    0x9ca0a8, sill: 15, icon: iconBarbell, display: displayWeights, building: buildShop,
	},
	{
		name: "hardware store", words: [4]string{"HARDWARE", "FERRETERÍA", "QUINCAILLERIE", "EISENWAREN"},
		american: [3]scheme{{0xe8680c, 0xffffff}, {0xf07c1c, 0x202020}, {0xb44c14, 0xfff0c0}},
		european: [3]scheme{{0x1c5c34, 0xffffff}, {0x204a8c, 0xffe060}, {0x8c2020, 0xf4e4c0}},
		light:    0xd0b080, sill: 25, icon: iconHammer, display: displayTools, building: buildHardware,
	},
	{
		name: "hotel", words: [4]string{"HOTEL", "HOTEL", "HÔTEL", "HOTEL"},
		american: [3]scheme{{0x5a1f3c, 0xf4d890}, {0x1c2c50, 0xf4e0a0}, {0x303030, 0xf4f4f4}},
		european: [3]scheme{{0x8c1c24, 0xffffff}, {0x14442c, 0xe8c870}, {0x28405c, 0xffffff}},
		light:    0xffdc98, sill: 50, room: 170, icon: iconBed, display: displayLobby, building: buildHotel,
	},
	{
		name: "liquor store", words: [4]string{"LIQUOR", "VINOS Y LICORES", "CAVE À VINS", "GETRÄNKE"},
		american: [3]scheme{{0xb01020, 0xffe040}, {0x8c1430, 0xffffff}, {0x701c50, 0xffe060}},
		european: [3]scheme{{0x4c1420, 0xe0c080}, {0x2c3c28, 0xe8d8a0}, {0x1c1c20, 0xd8b060}},
		light:    0xd8a050, sill: 40, icon: iconBottle, display: displayBottles, building: buildShop,
	},
	{
		name: "pharmacy", words: [4]string{"PHARMACY", "FARMACIA", "PHARMACIE", "APOTHEKE"},
		american: [3]scheme{{0xf4f4f4, 0xd01c2c}, {0xd8202c, 0xffffff}, {0xf0f0f0, 0xc01c3c}},
		european: [3]scheme{{0xf4f4f4, 0x10a048}, {0x18a850, 0xffffff}, {0xe8f0e8, 0x10984c}},
		light:    0xf0f8f4, sill: 45, icon: iconCross, display: displayMedicine, building: buildShop,
	},
	{
		name: "religious institution", words: [4]string{"COMMUNITY CHURCH", "PARROQUIA", "ÉGLISE", "KIRCHE"},
		american: [3]scheme{{0xf0ece0, 0x5a4030}, {0x6c4c38, 0xf4ecd8}, {0x404858, 0xf4f4f4}},
		european: [3]scheme{{0xd0c4a8, 0x403830}, {0x584838, 0xe8dcc0}, {0xa89c88, 0x302c28}},
		light:    0x58507c, room: 220, icon: iconFaith, display: displayBlinds, building: buildChurch,
	},
	{
		name: "storage facility", words: [4]string{"SELF STORAGE", "MINI BODEGAS", "GARDE-MEUBLES", "SELFSTORAGE"},
		american: [3]scheme{{0xf06c10, 0xffffff}, {0xe84c1c, 0xffffff}, {0xf08c20, 0x1c2c60}},
		european: [3]scheme{{0x1c54a8, 0xffffff}, {0xf0c010, 0x202020}, {0x6c9c28, 0xffffff}},
		light:    0x808080, icon: iconPadlock, display: displayBlinds, building: buildStorage,
	},
	{
		name: "veterinary care", words: [4]string{"VETERINARY", "VETERINARIA", "VÉTÉRINAIRE", "TIERARZT"},
		american: [3]scheme{{0x2c9048, 0xffffff}, {0x4cac50, 0xffffff}, {0xe8f4e4, 0x1c7c3c}},
		european: [3]scheme{{0x2468b0, 0xffffff}, {0xf0ece4, 0x3c5cac}, {0x3c8cc0, 0xffffff}},
		light:    0xd4e4c0, sill: 85, icon: iconPaw, display: displayPets, building: buildClinic,
	},
}

// houseColors are sign colours that no trade has to itself.
var houseColors = [...]scheme{
	{0x1e3f8a, 0xffffff}, {0xb3121d, 0xffffff}, {0x7a3f1c, 0xffe9c0}, {0x0c4f3c, 0xf0e8c8}, {0xf4f4f4, 0x2464c0},
	{0x2c2c30, 0xf8f8f8}, {0xf6d800, 0x181818}, {0x2c9048, 0xffffff}, {0xe8680c, 0xffffff}, {0x2cb0ac, 0xffffff},
	{0xf4ecd8, 0x5a4030}, {0x5a1f3c, 0xf4d890}, {0xdc4f98, 0xffffff}, {0xd8d8d8, 0x303438}, {0x18a4e0, 0xffffff},
	{0xf0f0f0, 0xc01c3c},
}

// surnames of owners, by language.
var surnames = [4][10]string{
	{"Miller", "Jackson", "Parker", "Sullivan", "Baker", "Nguyen", "Carter", "Brooks", "Lee", "Walker"},
	{"Ramírez", "Ortega", "Núñez", "Morales", "Castillo", "Peña", "Vargas", "Ríos", "Salas", "Duarte"},
	{"Dupont", "Lefèvre", "Moreau", "Girard", "Fournier", "Rousseau", "Blanchet", "Mercier", "Gautier", "Perrin"},
	{"Schmidt", "Bauer", "Krüger", "Hoffmann", "Vogel", "Jäger", "Lorenz", "Winter", "Köhler", "Brandt"},
}

// houses are the forms of a business's second line, by language; % is the surname.
var houses = [4][5]string{
	{"%'s", "% & Sons", "% Bros.", "Old Town %", "% Co."},
	{"Casa %", "Hermanos %", "Don %", "La %", "% e Hijos"},
	{"Maison %", "Chez %", "% et Fils", "Les %", "Ets. %"},
	{"%", "Haus %", "% & Sohn", "Gebr. %", "% GmbH"},
}
