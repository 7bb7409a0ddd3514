/** A model by what people call it: of a file, its name alone. The title has all of it. */
export function ModelName({ model }: { readonly model: string }) {
  const short = model.replace(/^(scripted|replay):.*[/\\]/, "$1:");
  return (
    <span className="model" title={model}>
      {short}
    </span>
  );
}
