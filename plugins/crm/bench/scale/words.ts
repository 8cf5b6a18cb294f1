/** Given names of several countries, with accents. */
export const givenNames =
  `Anna Maria Peter Thomas Michael Sophie Lukas Emma José Zoë Françoise Jürgen Søren Łukasz Åsa Ibrahim Fatima Chen Yuki
Olga Dmitri Ingrid Björn Chloé Noël Renée Günther Márta István Siobhán Niamh Aoife Pádraig Tomáš Jana Petra Marek Katarzyna
Agnieszka Paweł Małgorzata Ana João Inês Rui Beatriz Lucía Álvaro Íñigo Begoña Marta Pablo Giulia Lorenzo Matteo Chiara
Eirini Nikos Yiannis Aylin Mehmet Emre Zeynep Mohammed Aisha Omar Layla Priya Arjun Ananya Rahul Wei Li Min-jun Ji-woo
Hiroshi Sakura Kenji Nguyễn Linh Minh Amara Kwame Chidi Zanele Thabo Liam Olivia Noah Ava William Charlotte James Amelia
Benjamin Mia Lucas Harper Henry Evelyn Alexander Abigail Mason Emily Ethan Ella Daniel Scarlett Jacob Grace`.split(
    /\s+/,
  );

/** Family names, likewise. */
export const familyNames =
  `Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Richter Klein Wolf Schröder Neumann
Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Werner Krause Lehmann Köhler Maier Smith Johnson Williams Brown Jones
Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez
Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green
Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Dubois Moreau Laurent Lefèvre Girard Rousseau Fournier Novák
Svoboda Dvořák Kowalski Wiśniewski Wójcik Kamiński Lewandowski Zieliński Szymański Nagy Kovács Tóth Szabó Horváth Rossi Russo
Ferrari Esposito Bianchi Romano Colombo Ricci Marino Papadopoulos Yılmaz Kaya Demir Çelik Şahin Kumar Sharma Singh Patel Wang
Zhang Liu Chen Yang Huang Tanaka Suzuki Takahashi Watanabe Kim Park Choi Okafor Mensah Dlamini O'Brien O'Sullivan MacDonald`.split(
    /\s+/,
  );

/** What companies are called by. */
export const companyWords =
  `Acme Nordwind Helios Atlas Vertex Lumen Quartz Zephyr Aurora Polaris Granite Harbor Cedar Maple Falcon Orion Delta
Sierra Summit Beacon Anchor Compass Meridian Solstice Juniper Copper Silver Onyx Cobalt Indigo Crimson Azure Emerald Sable Ivory
Pioneer Frontier Liberty Heritage Union Central Pacific Atlantic Baltic Alpine Rhine Danube Thames Hudson Tiber Loire`.split(
    /\s+/,
  );

/** What companies do. */
export const trades =
  `Logistics Software Foods Energy Systems Medical Chemicals Robotics Textiles Media Finance Insurance Travel Motors Steel
Optics Pharma Mining Shipping Design Consulting Networks Security Printing Packaging Furniture Toys Bikes Water Solar`.split(
    /\s+/,
  );

/** Forms of companies. */
export const legalForms = ['GmbH', 'Inc.', 'Ltd.', 'AG', 'S.A.', 'B.V.', 'LLC', 'Oy', 'AB', 'Kft.'];

/** Tags of records. */
export const tags =
  'newsletter customer prospect partner vip supplier press event webinar trial churned reference board alumni'.split(
    ' ',
  );

/** Stages of the pipeline that is there from the start. */
export const stages = ['Lead', 'Qualified', 'Needs analysis', 'Proposal', 'Negotiation', 'Won', 'Lost'];

/** Subjects of activities. */
export const subjects = [
  'Intro call',
  'Follow-up on the offer',
  'Quarterly review',
  'Contract questions',
  'Demo of the product',
  'Renewal talk',
  'Support escalation',
  'Lunch at the fair',
  'Price negotiation',
  'Kick-off meeting',
];
