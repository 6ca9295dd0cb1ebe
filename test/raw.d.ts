/** A file of the project as text, in Node and in a browser alike (Vite's `?raw`). */
declare module "*?raw" {
  const text: string;
  export default text;
}
