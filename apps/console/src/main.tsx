import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import './styles/page.css';
import './styles/board.css';
import './styles/person.css';
import './styles/entry.css';

createRoot(document.getElementById('root')!).render(<StrictMode><App /></StrictMode>);
