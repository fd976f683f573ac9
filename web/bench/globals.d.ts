/** What the bench keeps in a viewer's page: when each tick was seen, in ms since 1970. */
interface Window {
  seen?: Map<number, number>;
}
